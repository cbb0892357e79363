"""Names itself, logs in and reads a mail with imaplib, compressed (RFC 4978) and
without TLS. Arguments: host, port, user, password."""

import imaplib
import io
import sys
import zlib


class Packed(io.RawIOBase):
    """What the server sends, inflated."""

    def __init__(self, file) -> None:
        self.file, self.inflate = file, zlib.decompressobj(-15)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        packed = self.inflate.unconsumed_tail or self.file.read1(4096)
        while packed:
            plain = self.inflate.decompress(packed, len(buffer))
            if plain:
                buffer[: len(plain)] = plain
                return len(plain)
            packed = self.file.read1(4096)
        return 0


class Compressing(imaplib.IMAP4):
    deflate = None

    def compress(self) -> None:
        self._simple_command("COMPRESS", "DEFLATE")
        self.file = io.BufferedReader(Packed(self.file))
        self.deflate = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)

    def send(self, data: bytes) -> None:
        if self.deflate:
            data = self.deflate.compress(data) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        super().send(data)


imaplib.Commands.update(COMPRESS=("AUTH",), ID=("NONAUTH", "AUTH"))
host, port, user, password = sys.argv[1:]
imap = Compressing(host, int(port))
imap._simple_command("ID", '("name" "imaplib" "version" "2.58")')
imap.login(user, password)
imap.compress()
imap.select()
print(imap.fetch("1", "(RFC822)"))
imap.logout()
