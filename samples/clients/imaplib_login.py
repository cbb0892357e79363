"""A log-in with imaplib, which never looks at LOGINDISABLED.
Arguments: host, port, user, password."""

import imaplib
import sys

host, port, user, password = sys.argv[1:]
imap = imaplib.IMAP4(host, int(port))
try:
    imap.login(user, password)
except imaplib.IMAP4.error as refused:
    print(refused)
imap.logout()
