"""Says SMTP commands as they are given and prints the answers.
Arguments: host, port, commands."""

import smtplib
import sys

host, port, *commands = sys.argv[1:]
with smtplib.SMTP(host, int(port), local_hostname="pc7.example") as smtp:
    smtp.ehlo()
    for command in commands:
        code, reply = smtp.docmd(command)
        print(command, code, reply.decode())
