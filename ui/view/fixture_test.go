package view_test

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

var start = time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)

// conversation builds the Facts of a session, line by line, 100 ms apart.
type conversation struct {
	*dissect.Facts
	packet uint64
}

func talk(protocol dissect.Protocol, client, server string, after time.Duration) *conversation {
	at := start.Add(after).UnixNano()
	return &conversation{Facts: &dissect.Facts{
		Protocol: protocol, Client: netip.MustParseAddrPort(client), Server: netip.MustParseAddrPort(server),
		Start: at, End: at + int64(time.Second), Files: []string{"monday.pcap"}, Packets: 20,
	}}
}

func (c *conversation) line(side dissect.Side, text, secret string) dissect.Quote {
	c.packet += 2
	q := dissect.Quote{Side: side, Text: text + secret, Stamp: dissect.Stamp{Time: c.Start + int64(c.packet)*5e7, Packet: c.packet}}
	if secret != "" {
		q.Hide = dissect.Span{From: len(text), To: len(text) + len(secret)}
	}
	return q
}

func (c *conversation) offer(text string, mechanisms ...string) {
	c.Offer = dissect.Offer{Complete: true, Mechanisms: mechanisms, Quote: c.line(dissect.Server, text, "")}
	c.STARTTLS.Offered = dissect.No
}

// login adds an attempt: what the client sends and what the server answers.
func (c *conversation) login(mechanism, account string, outcome dissect.Outcome, command, secret, answer string) {
	c.Auth = append(c.Auth, &dissect.Attempt{
		Mechanism: mechanism, Account: account, HasAccount: true, Secret: dissect.NewSecret([]byte(secret)), Outcome: outcome,
		Quotes: []dissect.Quote{c.line(dissect.Client, command, secret), c.line(dissect.Server, answer, "")},
	})
}

// result judges the session, as an analysis does.
func (c *conversation) result() alerts.Result {
	alerts.NewRedactor([32]byte{1}).Redact(c.Facts)
	return judge.Session(c.Facts)
}

// results is a Monday: an IMAP login, a refused SMTP one, a message, APOP, and
// sessions that are fine.
func results() []alerts.Result {
	imap := talk(dissect.IMAP, "198.51.100.7:40122", "198.51.100.25:143", 0)
	imap.offer("* CAPABILITY IMAP4rev1 AUTH=PLAIN", "PLAIN")
	imap.login("LOGIN-CMD", `test\joe`, dissect.Accepted, `a1 LOGIN "test\\joe" `, `"Xy7-hunter2"`, "a1 OK Logged in")

	smtp := talk(dissect.SMTP, "10.0.0.5:40200", "10.0.0.9:587", time.Minute)
	smtp.offer("250-AUTH PLAIN LOGIN", "PLAIN", "LOGIN")
	smtp.login("PLAIN", "maria@example.org", dissect.Rejected, "AUTH PLAIN ", "AG1hcmlhAGh1bnRlcjI=", "535 5.7.8 authentication failed")

	mail := talk(dissect.SMTP, "192.0.2.10:2525", "192.0.2.25:25", time.Hour)
	mail.offer("250-SIZE 10240000")
	mail.Messages = []*dissect.Message{{
		From: "alice@example.org", HasFrom: true, To: []string{"bob@example.net", "carol@example.net"}, Subject: "Q3 forecast",
		HasSubject: true, Size: 1834, Complete: true,
		Quotes: []dissect.Quote{mail.line(dissect.Client, "MAIL FROM:<alice@example.org>", ""), mail.line(dissect.Client, "DATA", "")},
	}}

	apop := talk(dissect.POP3, "[2001:db8:1234:5678::7]:51000", "[2001:db8:1234:5678:9abc:def0:1234:25]:110", 2*time.Hour)
	apop.login("APOP", "joe", dissect.Accepted, "APOP joe ", "c4c9334bac560ecc979e58001b3e22fb", "+OK maildrop has 1 message")

	list := []alerts.Result{imap.result(), smtp.result(), mail.result(), apop.result()}
	for i := range 3 {
		safe := talk(dissect.IMAP, "10.0.0.8:50000", "10.0.0.9:993", time.Duration(i)*time.Second)
		safe.Transport = dissect.TLS
		safe.TLS = &dissect.TLSFacts{Version: "TLS 1.3", Established: true}
		list = append(list, safe.result())
	}
	return list
}

func add(t testing.TB, path string, results ...alerts.Result) {
	t.Helper()
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		s.Add(r)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// database makes a database of results.
func database(t testing.TB, results ...alerts.Result) (path string, r *store.Reader) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "mailtap.db")
	add(t, path, results...)
	r, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return path, r
}
