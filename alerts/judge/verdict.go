package judge

import (
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// partial are the flags of a session of which something was not seen, so that
// silence means nothing.
const partial = dissect.Midstream | dissect.OneSided | dissect.Gap | dissect.Evicted | dissect.Truncated

// verdict says what became of the session. faulty tells that a rule found a
// fault of severity medium or more in its TLS.
func verdict(f *dissect.Facts, faulty bool) alerts.Verdict {
	switch {
	case exposed(f):
		return alerts.Exposed
	case slices.ContainsFunc(f.Auth, alerts.SecretSent):
		return alerts.Weak // a response to guess against, nothing to use again
	case f.Transport != dissect.Plain:
		return overTLS(f.TLS, f.Flags, faulty)
	case f.Bytes != [2]uint64{} && f.Flags&partial == 0:
		return alerts.Clear
	}
	return alerts.UnknownVerdict
}

func exposed(f *dissect.Facts) bool {
	return f.Signs != nil && len(f.Signs.URLs) > 0 || slices.ContainsFunc(f.Auth, func(a *dissect.Attempt) bool {
		return alerts.LeakOf(a.Mechanism).Reusable() && alerts.SecretSent(a)
	}) || slices.ContainsFunc(f.Messages, func(m *dissect.Message) bool {
		return m.Protection == dissect.Unprotected
	})
}

func overTLS(t *dissect.TLSFacts, flags dissect.Flags, faulty bool) alerts.Verdict {
	switch {
	case t == nil:
		return alerts.UnknownVerdict
	case faulty:
		return alerts.Weak
	case t.Established:
		return alerts.Protected
	case t.Alert == "" && flags&partial != 0:
		return alerts.UnknownVerdict // its end may be what was not seen
	}
	return alerts.Weak // the handshake never finished
}
