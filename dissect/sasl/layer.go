package sasl

// Layer tells whether a security layer may follow once the server has accepted
// the exchange:
//
//   - DIGEST-MD5 whose client answered qop=auth-int or auth-conf (RFC 2831,
//     section 2.1.2.1);
//   - GSSAPI whose client chose layer 2 or 4 in its last token (RFC 4752,
//     section 3.1), which may not be encrypted; where it is all the same, or was
//     not seen, nobody can tell, and a layer may follow. Exchange speaks SPNEGO
//     under this name, without that token: no layer follows;
//   - GSS-SPNEGO, which has no such token and agrees on a layer within SPNEGO;
//   - KERBEROS_V4, whose choice is encrypted (RFC 2222, section 7.1).
//
// Whether one does follow is told by the next bytes: see Framed. Where they are
// a line, the session goes on as without a layer.
func (x *Exchange) Layer() bool { return x.layer }

// Framed tells whether b, the first bytes of a side behind an exchange that was
// accepted and whose Layer is true, begin a buffer of a security layer: four
// octets of length, in network byte order (RFC 4422, section 3.7). One byte is
// enough. The layers of Layer have buffers of less than 1<<24 octets (RFC 4752,
// section 3.1; RFC 2831, section 2.1.1; RFC 2222, section 7.1), so the first
// octet is 0, and no line of a mail protocol begins so.
func Framed(b []byte) bool { return len(b) > 0 && b[0] == 0 }
