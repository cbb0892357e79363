"""AUTH LOGIN with an initial response that is sent as it is given, such as
BASE64 without its padding. Arguments: host, port, response, password."""

import base64
import smtplib
import sys

host, port, response, password = sys.argv[1:]
with smtplib.SMTP(host, int(port), local_hostname="pc7.example") as smtp:
    smtp.ehlo()
    code, reply = smtp.docmd("AUTH", "LOGIN " + response)
    if code == 334:
        code, reply = smtp.docmd(base64.b64encode(password.encode()).decode())
    print(code, reply.decode())
