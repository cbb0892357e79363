package export

import (
	"io"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// shownNames is how many names a cell of a table shows; the rest is counted.
const shownNames = 2

var (
	accountHead = []string{"SEVERITY", "ACCOUNT", "SESSIONS", "EXPOSED", "PROTECTED", "CASES", "SERVERS", "CLIENTS", "MECHANISMS", "LAST"}
	clientHead  = []string{"SEVERITY", "CLIENT", "SESSIONS", "EXPOSED", "WEAK", "CLEAR", "PROTECTED", "TLS", "CASES", "NAMES", "LAST"}
	serverHead  = []string{"SEVERITY", "SERVER", "SESSIONS", "EXPOSED", "WEAK", "CLEAR", "PROTECTED", "STARTTLS", "CASES", "ACCOUNTS", "SOFTWARE", "LAST"}
)

// NewAccountsTable returns a table of accounts.
func NewAccountsTable(w io.Writer, color bool) *Table { return newTable(w, color, accountHead) }

// NewClientsTable returns a table of clients.
func NewClientsTable(w io.Writer, color bool) *Table { return newTable(w, color, clientHead) }

// NewServersTable returns a table of servers.
func NewServersTable(w io.Writer, color bool) *Table { return newTable(w, color, serverHead) }

// Account adds a row.
func (t *Table) Account(p *alerts.Party) error {
	return t.add(severityOf(p), orDash(p.Name), sessionsOf(p), number64(p.ExposedLogins), orDash(protectedLogins(p)),
		number64(p.OpenCases), few(&p.Servers), few(&p.Clients), orDash(strings.Join(p.Mechanisms, " ")), seconds(p.Last))
}

// Client adds a row.
func (t *Table) Client(p *alerts.Party) error {
	n := &p.Sessions
	return t.add(severityOf(p), p.Name, sessionsOf(p), number64(n[alerts.Exposed]), number64(n[alerts.Weak]), number64(n[alerts.Clear]),
		number64(n[alerts.Protected]), tlsOf(p), number64(p.OpenCases), orDash(strings.Join(p.Names, ", ")), seconds(p.Last))
}

// tlsOf says how a client stands to TLS.
func tlsOf(p *alerts.Party) string {
	switch {
	case p.NeverUpgrades():
		return "ignored"
	case p.UsedTLS == dissect.Yes:
		return "used"
	case p.UsedTLS == dissect.No:
		return "not-used"
	}
	return "-"
}

// Server adds a row.
func (t *Table) Server(p *alerts.Party) error {
	n := &p.Sessions
	return t.add(severityOf(p), p.Name, sessionsOf(p), number64(n[alerts.Exposed]), number64(n[alerts.Weak]), number64(n[alerts.Clear]),
		number64(n[alerts.Protected]), offers(p.Offers), number64(p.OpenCases), few(&p.Accounts), orDash(p.Software), seconds(p.Last))
}

func offers(a dissect.Answer) string {
	switch a {
	case dissect.Yes:
		return "offered"
	case dissect.No:
		return "not-offered"
	}
	return "-"
}

func severityOf(p *alerts.Party) string {
	if worst, any := p.Worst(); any {
		return worst.String()
	}
	return "-"
}

func sessionsOf(p *alerts.Party) string {
	all := int64(0)
	for _, n := range p.Sessions {
		all += n
	}
	return number64(all)
}

func number64(n int64) string { return strconv.FormatInt(n, 10) }

// protectedLogins is empty where their number is not known.
func protectedLogins(p *alerts.Party) string {
	if !p.KnowsProtected {
		return ""
	}
	return number64(p.ProtectedLogins)
}

// few writes a few names and how many there are besides.
func few(n *alerts.Names) string {
	if len(n.List) <= shownNames && !n.More {
		return orDash(strings.Join(n.List, " "))
	}
	shown := n.List[:min(len(n.List), shownNames)]
	rest := number64(int64(len(n.List) - len(shown)))
	if n.More {
		rest += "+"
	}
	return strings.Join(shown, " ") + " and " + rest + " more"
}
