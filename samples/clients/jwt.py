"""Prints a JSON Web Token (RFC 7519) signed with HS256.
Arguments: the key in BASE64, the claims as JSON."""

import base64
import hashlib
import hmac
import sys


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


key, claims = base64.b64decode(sys.argv[1]), sys.argv[2]
signed = b64url(b'{"alg":"HS256","typ":"JWT"}') + "." + b64url(claims.encode())
print(signed + "." + b64url(hmac.new(key, signed.encode(), hashlib.sha256).digest()))
