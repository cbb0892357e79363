package dissect

// Need says what a protocol's machine needs before it can tell what the
// client's next bytes are. While it needs something it takes no more bytes of
// the client: Feed returns how many it took, and the caller keeps the rest.
type Need uint8

// The needs.
const (
	NeedNothing   Need = iota
	NeedAnswer         // the server's answer to DATA, AUTH, a literal ...
	NeedTLSAnswer      // the server's answer to STARTTLS or STLS
	NeedTLS            // STARTTLS was accepted: the next bytes of both sides are TLS, and it takes none of them
)
