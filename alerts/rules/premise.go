package rules

import "github.com/mailtap/mailtap/dissect"

// Premise is a set of what may be seen of a session. Most sessions have little
// of it, and most rules need not be asked.
type Premise uint8

// The premises.
const (
	LoginSeen       Premise = 1 << iota // an attempt
	MessageSeen                         // readable
	ListSeen                            // the whole of a capability list before TLS
	SignSeen                            // of what few sessions show
	TLSSeen                             // the begin of a handshake
	CertificateSeen                     // the server's own
)

// SeenIn returns what is seen of a session.
func SeenIn(f *dissect.Facts) (seen Premise) {
	if len(f.Auth) > 0 {
		seen |= LoginSeen
	}
	if len(f.Messages) > 0 {
		seen |= MessageSeen
	}
	if f.Offer.Complete {
		seen |= ListSeen
	}
	if f.Signs != nil {
		seen |= SignSeen
	}
	if f.TLS != nil {
		seen |= TLSSeen
		if f.TLS.Certificate != nil {
			seen |= CertificateSeen
		}
	}
	return seen
}
