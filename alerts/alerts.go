// Package alerts holds the words of judgement: severities, verdicts, findings,
// cases and their evidence. It sees Facts only, never bytes.
package alerts

import (
	"net/netip"

	"github.com/mailtap/mailtap/dissect"
)

// Severity orders findings. The zero value is info.
type Severity uint8

// The severities: critical is a reusable secret readable; high, content or an
// attack on encryption; medium weakens; low is hygiene; info is context.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads a severity's name.
func ParseSeverity(name string) (Severity, bool) {
	for i, n := range severityNames {
		if n == name {
			return Severity(i), true
		}
	}
	return 0, false
}

// Verdict is what became of a session as a whole.
type Verdict uint8

// The verdicts, see the table in the README.
const (
	UnknownVerdict Verdict = iota // not enough was seen
	Protected                     // TLS established, without a fault of severity medium or more
	Clear                         // readable, and nothing secret was said
	Weak                          // crackable exchange readable, or faulty TLS
	Exposed                       // a reusable secret, a token or a message was readable
)

var verdictNames = [...]string{"unknown", "protected", "clear", "weak", "exposed"}

func (v Verdict) String() string { return verdictNames[v] }

// Blame says who has to change something. It decides what a case collects.
type Blame uint8

// The parties to blame, with their case key beside the rule.
const (
	BlameServer       Blame = iota // server
	BlameClient                    // server, client
	BlameAccount                   // server, account
	BlamePath                      // server, client: somebody between them
	BlameClientServer              // client, server: guessing
)

var blameNames = [...]string{"server", "client", "account", "path", "client-server"}

func (b Blame) String() string { return blameNames[b] }

// Session is one judged session.
type Session struct {
	ID      SessionID
	Facts   *dissect.Facts // redacted, see Redactor
	Verdict Verdict
}

// Result is what one session gave.
type Result struct {
	Session  Session
	Findings []Finding
}

// Finding is one rule that held in one session.
type Finding struct {
	ID             FindingID
	Rule           string // its id
	Severity       Severity
	Blame          Blame
	Case           CaseID
	Session        SessionID
	Time           int64 // of the evidence that settles it, ns since 1970 UTC
	Protocol       dissect.Protocol
	Client, Server netip.AddrPort
	Account        string // "" where HasAccount is false
	HasAccount     bool
	Title          string         // what is wrong in general
	Why            string         // what was seen in this session
	Detail         []dissect.Pair // in the rule's order
	Evidence       []Evidence
}

// Evidence is one telling line, secrets masked.
type Evidence struct {
	Session SessionID
	File    string
	Packet  uint64 // in File, from 1
	Time    int64  // ns since 1970 UTC
	From    dissect.Side
	Text    string
}
