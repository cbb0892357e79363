"""Sends more behind STARTTLS in the same segment, then begins TLS.
Arguments: host, port, smtp or imap, what stands behind."""

import socket
import ssl
import sys

host, port, protocol, behind = sys.argv[1:]
before, ask, bye = {
    "smtp": (b"EHLO pc7.example\r\n", b"STARTTLS\r\n", b"QUIT\r\n"),
    "imap": (b"a CAPABILITY\r\n", b"b STARTTLS\r\n", b"c LOGOUT\r\n"),
}[protocol]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
with socket.create_connection((host, int(port))) as sock:
    print(sock.recv(65536))
    sock.sendall(before)
    print(sock.recv(65536))
    sock.sendall(ask + behind.encode() + b"\r\n")
    print(sock.recv(65536))
    try:
        with context.wrap_socket(sock, server_hostname=host) as tls:
            tls.sendall(bye)
            print(tls.recv(65536))
    except OSError as error:
        print(error)
