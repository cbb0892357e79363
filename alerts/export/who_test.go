package export_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

// parties are an account, a client and a server of whom much is known, and one
// of each of whom nothing is.
func parties() (account, client, server, unknown alerts.Party) {
	common := alerts.Party{
		Sessions: [alerts.Exposed + 1]int64{1, 2, 3, 4, 5}, Findings: [alerts.Critical + 1]int64{6, 7, 8, 9, 0},
		First: start, Last: start + 1, OpenCases: 3,
	}
	account, client, server = common, common, common
	account.Name, account.Mechanisms = "=joe", []string{"LOGIN", "PLAIN"}
	account.Servers = alerts.Names{List: []string{"10.0.0.9:25", "10.0.0.9:587", "[2001:db8::1]:143"}}
	account.Clients = alerts.Names{List: []string{"10.0.0.5"}, More: true}
	account.KnowsProtected, account.ExposedLogins = true, 4
	client.Name, client.Names, client.UsedTLS, client.Ignored = "10.0.0.5", []string{"Mutt 2", hostile}, dissect.No, true
	client.Accounts = alerts.Names{List: []string{"@ann", hostile}}
	server.Name, server.Offers, server.Software = "10.0.0.9:25", dissect.No, "mx1 ESMTP Postfix"
	server.Accounts = alerts.Names{List: []string{hostile, "joe", "tim"}}
	return account, client, server, alerts.Party{Name: "none", First: start, Last: start}
}

func TestParties(t *testing.T) {
	account, client, server, unknown := parties()
	for _, tt := range []struct {
		name  string
		known *alerts.Party
		write func(*strings.Builder, ...*alerts.Party) error
	}{
		{"accounts", &account, allForms(export.NewAccountsTable, export.NewAccountsCSV, (*export.Table).Account, (*export.CSV).Account, (*export.JSONL).Account)},
		{"clients", &client, allForms(export.NewClientsTable, export.NewClientsCSV, (*export.Table).Client, (*export.CSV).Client, (*export.JSONL).Client)},
		{"servers", &server, allForms(export.NewServersTable, export.NewServersCSV, (*export.Table).Server, (*export.CSV).Server, (*export.JSONL).Server)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := tt.write(&out, tt.known, &unknown); err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name+".txt", out.String())
			if i := strings.IndexFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("at %d there is %q", i, out.String()[i:min(i+20, out.Len())])
			}
			for line := range strings.Lines(out.String()) {
				if strings.HasPrefix(line, "{") && !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			}
		})
	}
}

// allForms returns what writes parties as a table, as CSV and as JSON lines.
func allForms(
	newTable func(io.Writer, bool) *export.Table, newCSV func(io.Writer) *export.CSV,
	table func(*export.Table, *alerts.Party) error, csv func(*export.CSV, *alerts.Party) error, jsonl func(*export.JSONL, *alerts.Party) error,
) func(*strings.Builder, ...*alerts.Party) error {
	return func(w *strings.Builder, all ...*alerts.Party) error {
		t, c, j := newTable(w, false), newCSV(w), export.NewJSONL(w)
		write := func(one func(*alerts.Party) error, flush func() error) (err error) {
			for _, p := range all {
				err = errors.Join(err, one(p))
			}
			w.WriteByte('\n')
			return errors.Join(err, flush())
		}
		return errors.Join(
			write(func(p *alerts.Party) error { return table(t, p) }, t.Flush),
			write(func(p *alerts.Party) error { return csv(c, p) }, c.Flush),
			write(func(p *alerts.Party) error { return jsonl(j, p) }, func() error { return nil }),
		)
	}
}
