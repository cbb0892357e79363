package export

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
)

// partyObject is what accounts, clients and servers have in common.
type partyObject struct {
	Severity  *string        `json:"severity"`
	Sessions  verdictCounts  `json:"sessions"`
	Findings  severityCounts `json:"findings"`
	CasesOpen int64          `json:"cases_open"`
	First     string         `json:"first"`
	Last      string         `json:"last"`
}

type accountObject struct {
	Type    string `json:"type"`
	Account string `json:"account"`
	partyObject
	ExposedLogins   int64    `json:"exposed_logins"`
	ProtectedLogins *int64   `json:"protected_logins"`
	Mechanisms      []string `json:"mechanisms"`
	Servers         []string `json:"servers"`
	MoreServers     bool     `json:"more_servers"`
	Clients         []string `json:"clients"`
	MoreClients     bool     `json:"more_clients"`
}

type clientObject struct {
	Type   string `json:"type"`
	Client string `json:"client"`
	partyObject
	UsedTLS         *bool    `json:"used_tls"`
	IgnoredSTARTTLS bool     `json:"ignored_starttls"`
	NeverUpgrades   bool     `json:"never_upgrades"`
	Names           []string `json:"names"`
	Servers         []string `json:"servers"`
	MoreServers     bool     `json:"more_servers"`
	Accounts        []string `json:"accounts"`
	MoreAccounts    bool     `json:"more_accounts"`
}

type serverObject struct {
	Type   string `json:"type"`
	Server string `json:"server"`
	partyObject
	STARTTLSOffered *bool    `json:"starttls_offered"`
	Software        *string  `json:"software"`
	Accounts        []string `json:"accounts"`
	MoreAccounts    bool     `json:"more_accounts"`
	Clients         []string `json:"clients"`
	MoreClients     bool     `json:"more_clients"`
}

func newParty(p *alerts.Party) partyObject {
	v, n := &p.Sessions, &p.Findings
	out := partyObject{
		Sessions: verdictCounts{
			Exposed: uint64(v[alerts.Exposed]), Weak: uint64(v[alerts.Weak]), Clear: uint64(v[alerts.Clear]),
			Protected: uint64(v[alerts.Protected]), Unknown: uint64(v[alerts.UnknownVerdict]),
		},
		Findings: severityCounts{
			Critical: uint64(n[alerts.Critical]), High: uint64(n[alerts.High]), Medium: uint64(n[alerts.Medium]),
			Low: uint64(n[alerts.Low]), Info: uint64(n[alerts.Info]),
		},
		CasesOpen: p.OpenCases, First: formatTime(p.First), Last: formatTime(p.Last),
	}
	if worst, any := p.Worst(); any {
		out.Severity = known(worst.String())
	}
	return out
}

// Account writes an account.
func (j *JSONL) Account(p *alerts.Party) error {
	out := &accountObject{
		Type: "account", Account: p.Name, partyObject: newParty(p), ExposedLogins: p.ExposedLogins, Mechanisms: list(p.Mechanisms),
		Servers: list(p.Servers.List), MoreServers: p.Servers.More, Clients: list(p.Clients.List), MoreClients: p.Clients.More,
	}
	if p.KnowsProtected {
		out.ProtectedLogins = &p.ProtectedLogins
	}
	return j.write(out)
}

// Client writes a client.
func (j *JSONL) Client(p *alerts.Party) error {
	return j.write(&clientObject{
		Type: "client", Client: p.Name, partyObject: newParty(p),
		UsedTLS: answer(p.UsedTLS), IgnoredSTARTTLS: p.Ignored, NeverUpgrades: p.NeverUpgrades(), Names: list(p.Names),
		Servers: list(p.Servers.List), MoreServers: p.Servers.More, Accounts: list(p.Accounts.List), MoreAccounts: p.Accounts.More,
	})
}

// Server writes a server.
func (j *JSONL) Server(p *alerts.Party) error {
	return j.write(&serverObject{
		Type: "server", Server: p.Name, partyObject: newParty(p), STARTTLSOffered: answer(p.Offers), Software: known(p.Software),
		Accounts: list(p.Accounts.List), MoreAccounts: p.Accounts.More, Clients: list(p.Clients.List), MoreClients: p.Clients.More,
	})
}

// The columns that accounts, clients and servers have in common.
var partyColumns = []string{
	"severity", "exposed", "weak", "clear", "protected", "unknown", "critical", "high", "medium", "low", "info", "cases_open", "first", "last",
}

var (
	accountColumns = slices.Concat([]string{"account"}, partyColumns, []string{"exposed_logins", "protected_logins", "mechanisms", "servers", "clients"})
	clientColumns  = slices.Concat([]string{"client"}, partyColumns,
		[]string{"used_tls", "ignored_starttls", "never_upgrades", "names", "servers", "accounts"})
	serverColumns = slices.Concat([]string{"server"}, partyColumns, []string{"starttls_offered", "software", "accounts", "clients"})
)

// NewAccountsCSV returns a writer of accounts.
func NewAccountsCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w), accountColumns} }

// NewClientsCSV returns a writer of clients.
func NewClientsCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w), clientColumns} }

// NewServersCSV returns a writer of servers.
func NewServersCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w), serverColumns} }

// Account writes an account's row.
func (c *CSV) Account(p *alerts.Party) error {
	return c.party(p, number64(p.ExposedLogins), protectedLogins(p), strings.Join(p.Mechanisms, " "), all(&p.Servers), all(&p.Clients))
}

// Client writes a client's row.
func (c *CSV) Client(p *alerts.Party) error {
	return c.party(p, yesNo(p.UsedTLS), strconv.FormatBool(p.Ignored), strconv.FormatBool(p.NeverUpgrades()),
		strings.Join(p.Names, "; "), all(&p.Servers), all(&p.Accounts))
}

// Server writes a server's row.
func (c *CSV) Server(p *alerts.Party) error {
	return c.party(p, yesNo(p.Offers), p.Software, all(&p.Accounts), all(&p.Clients))
}

func (c *CSV) party(p *alerts.Party, own ...string) error {
	severity := ""
	if worst, any := p.Worst(); any {
		severity = worst.String()
	}
	cells := []string{p.Name, severity}
	for v := len(p.Sessions) - 1; v >= 0; v-- { // as the constants fall: exposed first, unknown last
		cells = append(cells, number64(p.Sessions[v]))
	}
	for s := len(p.Findings) - 1; s >= 0; s-- {
		cells = append(cells, number64(p.Findings[s]))
	}
	cells = append(cells, number64(p.OpenCases), formatTime(p.First), formatTime(p.Last))
	return c.row(append(cells, own...)...)
}

// all writes names; "..." says that there are more.
func all(n *alerts.Names) string {
	text := strings.Join(n.List, " ")
	if n.More {
		text += " ..."
	}
	return text
}
