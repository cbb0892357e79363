package export

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// CSV writes rows of comma-separated values (RFC 4180). What is not known is
// an empty cell.
type CSV struct {
	w    *csv.Writer
	head []string // not written yet
}

var findingColumns = []string{
	"time", "severity", "rule", "protocol", "client", "server", "account", "blame", "title", "why", "detail",
	"file", "packet", "evidence", "id", "case", "session",
}

var sessionColumns = []string{
	"start", "end", "verdict", "protocol", "client", "server", "transport", "starttls_offered", "starttls_requested",
	"starttls_accepted", "mechanisms", "accounts", "messages", "tls_version", "cipher", "sni", "banner", "helo",
	"packets", "bytes_client", "bytes_server", "vlan", "tunnel", "flags", "files", "id", "community_id",
}

// NewFindingsCSV returns a writer of findings.
func NewFindingsCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w), findingColumns} }

// NewCasesCSV returns a writer of cases.
func NewCasesCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w), caseColumns} }

// NewSessionsCSV returns a writer of sessions.
func NewSessionsCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w), sessionColumns} }

// Finding writes a finding's row.
func (c *CSV) Finding(f *alerts.Finding) error {
	var first alerts.Evidence
	packet := ""
	if len(f.Evidence) > 0 {
		first = f.Evidence[0]
	}
	if first.Packet != 0 {
		packet = strconv.FormatUint(first.Packet, 10)
	}
	return c.row(
		formatTime(f.Time), f.Severity.String(), f.Rule, f.Protocol.String(), endpoint(f.Client), endpoint(f.Server),
		f.Account, f.Blame.String(), f.Title, f.Why, strings.Join(details(f), "; "),
		first.File, packet, first.Text, f.ID.String(), f.Case.String(), f.Session.String(),
	)
}

// Session writes a session's row. It shows no secret.
func (c *CSV) Session(s *alerts.Session) error {
	f := s.Facts
	var mechanisms, accounts []string
	for _, a := range f.Auth {
		mechanisms = addOnce(mechanisms, a.Mechanism)
		accounts = addOnce(accounts, a.Account)
	}
	tls := f.TLS
	if tls == nil {
		tls = new(dissect.TLSFacts)
	}
	count := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return c.row(
		formatTime(f.Start), formatTime(f.End), s.Verdict.String(), f.Protocol.String(), endpoint(f.Client),
		endpoint(f.Server), f.Transport.String(), yesNo(f.STARTTLS.Offered), strconv.FormatBool(f.STARTTLS.Requested),
		yesNo(f.STARTTLS.Accepted), strings.Join(mechanisms, " "), strings.Join(accounts, " "),
		count(uint64(len(f.Messages))), tls.Version, tls.Cipher, tls.SNI, f.Banner, f.Hello,
		count(f.Packets), count(f.Bytes[dissect.Client]), count(f.Bytes[dissect.Server]), strings.Join(vlans(f.VLAN), " "),
		strings.Join(f.Tunnel, " "), strings.Join(f.Flags.Names(), " "), strings.Join(f.Files, " "),
		s.ID.String(), alerts.CommunityID(f),
	)
}

func addOnce(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// Flush writes what is buffered, and the head even if there was no row.
func (c *CSV) Flush() error {
	if err := c.writeHead(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

func (c *CSV) row(cells ...string) error {
	if err := c.writeHead(); err != nil {
		return err
	}
	for i, s := range cells {
		cells[i] = cell(s)
	}
	return c.w.Write(cells)
}

func (c *CSV) writeHead() error {
	if c.head == nil {
		return nil
	}
	head := c.head
	c.head = nil
	return c.w.Write(head)
}

// formulaStarts are the characters with which a spreadsheet takes a cell for a
// formula, their wide forms included.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// cell makes text harmless: a quote before what would start a formula, also
// behind a semicolon, which ends a cell where the comma is the decimal mark.
func cell(s string) string {
	parts := strings.Split(s, ";")
	for i, part := range parts {
		text := part
		if i > 0 {
			text = strings.TrimLeft(part, `"`)
		}
		first, n := utf8.DecodeRuneInString(text)
		if n > 0 && strings.ContainsRune(formulaStarts, first) {
			parts[i] = "'" + part
		}
	}
	return Clean(strings.Join(parts, ";"))
}

func yesNo(a dissect.Answer) string {
	switch a {
	case dissect.Yes:
		return "true"
	case dissect.No:
		return "false"
	}
	return ""
}

func vlans(ids []uint16) []string {
	var s []string
	for _, id := range ids {
		s = append(s, strconv.Itoa(int(id)))
	}
	return s
}
