package alerts

import "github.com/mailtap/mailtap/dissect"

// Party is an account, a client or a server, and what its sessions add up to.
// A session is one of an account's if it has a finding that names the account.
type Party struct {
	Name        string              // account; "10.0.0.5"; "10.0.0.9:25"
	Sessions    [Exposed + 1]int64  // by Verdict
	Findings    [Critical + 1]int64 // by Severity
	First, Last int64               // begin of its first and of its last session, ns since 1970 UTC
	OpenCases   int64               // new or acknowledged: of an account those of its findings, else those whose key names it

	// With whom it was seen, each once, in order.
	Servers, Clients, Accounts Names

	// ExposedLogins counts an account's sessions with a critical finding that
	// names it: its password or token was readable.
	ExposedLogins int64
	// ProtectedLogins counts the sessions in TLS of an account's clients with
	// its servers, where no other account was seen. KnowsProtected is false if
	// others were everywhere: TLS shows no account.
	ProtectedLogins int64
	KnowsProtected  bool

	// What the newest sessions of a party say.
	Mechanisms []string       // of an account's log-ins
	Names      []string       // that a client gives itself: HELO, IMAP's ID
	UsedTLS    dissect.Answer // of a client; unknown: too little was seen of its sessions
	Ignored    bool           // a client went on readable though STARTTLS was offered
	Offers     dissect.Answer // STARTTLS, of a server
	Software   string         // of a server, by its greeting and IMAP's ID
}

// Names is some of the names that were seen.
type Names struct {
	List []string
	More bool // than List has room for
}

// NeverUpgrades tells a client that was never seen in TLS and passed over an
// offer of it.
func (p *Party) NeverUpgrades() bool { return p.Ignored && p.UsedTLS == dissect.No }

// Worst is the highest severity of its findings; ok is false where it has none.
func (p *Party) Worst() (worst Severity, ok bool) {
	for s := len(p.Findings) - 1; s >= 0; s-- {
		if p.Findings[s] > 0 {
			return Severity(s), true
		}
	}
	return 0, false
}
