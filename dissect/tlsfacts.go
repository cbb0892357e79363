package dissect

// TLSFacts is what TLS shows an onlooker. Empty strings are not known.
type TLSFacts struct {
	Version     string // negotiated: "TLS 1.2"
	Cipher      string // IANA name
	SNI, ALPN   string
	JA3, JA3S   string
	JA4         string
	Established bool
	Certificate *Certificate
	Chain       []Certificate // what the server sent behind its own, in order
	Alert       string        // the first readable fatal alert
	AlertSide   Side
	Forsaken    bool // the server had closed without a word when the client sent Alert

	Offered       string // the highest version that the client offered
	Fallback      bool   // the client retries with less than it can (RFC 7507)
	Sentinel      string // the version that the server says it was cut down to (RFC 8446, section 4.1.3): "TLS 1.2", "TLS 1.1"
	Renegotiation Answer // no: the client asked for secure renegotiation (RFC 5746), and the server has not got it
	Compression   string // "" for none, "DEFLATE"
	Group         string // of the key exchange: "x25519", "secp256r1", "ffdhe2048"
	DHBits        int    // size of the prime; 0: not known
	Resumed       Answer
	Heartbleed    bool // a heartbeat asks for, or gets, more than it sent (RFC 6520; CVE-2014-0160)
	HeartbeatSide Side // that sent it

	Seen TLSSeen
}

// TLSSeen names the packets that showed it. The words of a TLSHello event are
// the fields' names: "client hello", "server hello", "certificate", "key
// exchange", "heartbeat".
type TLSSeen struct {
	ClientHello, ServerHello, Certificate, KeyExchange, Heartbeat, Alert Stamp
}

// Certificate is the server's own certificate, as far as it can be read.
type Certificate struct {
	Subject, Issuer     string
	Names               []string
	NotBefore, NotAfter int64  // seconds since 1970 UTC
	Key                 string // "RSA 2048"
	Signature           string // "SHA256-RSA"
	SelfSigned          bool
	SHA256              string // of the DER form, in hex
}
