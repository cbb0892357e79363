package rules

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Premise is a set of what may be seen of a session. Most sessions have little
// of it, and most rules need not be asked.
type Premise uint16

// The premises.
const (
	LoginSeen       Premise = 1 << iota // an attempt
	PasswordSeen                        // an attempt whose mechanism shows the password
	EncodedSeen                         // one that shows it in BASE64
	TokenSeen                           // one with a token, or a URL that authorizes
	ChallengeSeen                       // one that shows neither
	MessageSeen                         // readable
	ListSeen                            // the whole of a capability list before TLS
	SignSeen                            // of what few sessions show
	TLSSeen                             // the begin of a handshake
	CertificateSeen                     // the server's own
)

// loginsSeen is what is seen by attempts, by what they leak.
var loginsSeen = [...]Premise{
	alerts.OtherLeak:     ChallengeSeen,
	alerts.PasswordLeak:  PasswordSeen,
	alerts.EncodedLeak:   EncodedSeen,
	alerts.TokenLeak:     TokenSeen,
	alerts.CrackableLeak: ChallengeSeen,
}

// SeenIn returns what is seen of a session.
func SeenIn(f *dissect.Facts) (seen Premise) {
	for _, a := range f.Auth {
		seen |= LoginSeen | loginsSeen[alerts.LeakOf(a.Mechanism)]
	}
	if len(f.Messages) > 0 {
		seen |= MessageSeen
	}
	if f.Offer.Complete {
		seen |= ListSeen
	}
	if f.Signs != nil {
		seen |= SignSeen
		if len(f.Signs.URLs) > 0 {
			seen |= TokenSeen
		}
	}
	if f.TLS != nil {
		seen |= TLSSeen
		if f.TLS.Certificate != nil {
			seen |= CertificateSeen
		}
	}
	return seen
}
