package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

var (
	// syslogForm is the grammar of RFC 5424, section 6, as far as it is used.
	syslogForm  = regexp.MustCompile(`^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) mailtap - ([!-~]{1,32}) \[mailtap@32473((?: [a-z_]+="(?:[^"\\\]]|\\["\\\]])*")*)\](?: (.*))?$`)
	syslogParam = regexp.MustCompile(` ([a-z_]+)="((?:[^"\\\]]|\\["\\\]])*)"`)
	unescape    = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\]`, `]`)
)

type syslogMessage struct {
	pri                     int
	time, host, msgID, text string
	data                    map[string]string
}

func readSyslog(t *testing.T, s string) (m syslogMessage) {
	t.Helper()
	parts := syslogForm.FindStringSubmatch(s)
	if parts == nil {
		t.Fatalf("not RFC 5424: %q", s)
	}
	m.pri, _ = strconv.Atoi(parts[1])
	m.time, m.host, m.msgID, m.text = parts[2], parts[3], parts[4], parts[6]
	m.data = map[string]string{}
	for _, p := range syslogParam.FindAllStringSubmatch(parts[5], -1) {
		m.data[p[1]] = unescape.Replace(p[2])
	}
	return m
}

func syslogOf(t *testing.T, framing export.Framing, list ...*alerts.Finding) string {
	t.Helper()
	var b bytes.Buffer
	s := export.NewSyslog(&b, framing, "tap1.example", catalogue)
	for _, f := range list {
		if err := s.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestSyslog(t *testing.T) {
	lines := syslogOf(t, export.Lines, findings()...)
	golden(t, "messages.syslog", lines)
	want := syslogMessage{
		pri: 10*8 + 4, time: "2026-01-02T03:04:05.000000Z", host: "tap1.example", msgID: "base64-password",
		data: map[string]string{
			"rule": "base64-password", "severity": "medium", "category": "credential", "blame": "client", "protocol": "smtp",
			"client": "[2001:db8::5]:40122", "server": "10.0.0.9:25", "account": export.Clean(findings()[2].Account),
			"community_id": alerts.CommunityID(&dissect.Facts{Client: findings()[2].Client, Server: findings()[2].Server}), "finding": findings()[2].ID.String(),
			"case": findings()[2].Case.String(), "session": findings()[2].Session.String(),
		},
		text: "t | SMTP with LOGIN | server: " + export.Clean(findings()[2].Evidence[0].Text),
	}
	got := readSyslog(t, strings.Split(lines, "\n")[2])
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(syslogMessage{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// RFC 5424, section 6.4: what is not ASCII has the mark in front.
	if first := readSyslog(t, strings.Split(lines, "\n")[0]); !strings.HasPrefix(first.text, "\ufeffpassword sent") {
		t.Errorf("text %q", first.text)
	}
}

func TestSyslogEscapes(t *testing.T) {
	for in, want := range map[string]string{
		`a"b`: `account="a\"b"`, `a]b`: `account="a\]b"`, `a\b`: `account="a\\b"`, `"] [x@1 y="`: `account="\"\] [x@1 y=\""`,
		"a\nb": `account="a\\nb"`, "": `account=""`, "é": `account="é"`,
	} {
		t.Run(fmt.Sprintf("%q", in), func(t *testing.T) {
			f := finding()
			f.Account = in
			if line := syslogOf(t, export.Datagram, f); !strings.Contains(line, want) {
				t.Errorf("%s is not in %s", want, line)
			}
		})
	}
}

func TestSyslogSeverity(t *testing.T) {
	want := map[alerts.Severity]int{alerts.Critical: 82, alerts.High: 83, alerts.Medium: 84, alerts.Low: 85, alerts.Info: 86}
	got := map[alerts.Severity]int{}
	for s := range want {
		f := finding()
		f.Severity = s
		got[s] = readSyslog(t, syslogOf(t, export.Datagram, f)).pri
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The length counts bytes, not characters (RFC 6587, section 3.4.1).
func TestSyslogCounted(t *testing.T) {
	stream := syslogOf(t, export.Counted, findings()...)
	for i := range findings() {
		length, rest, _ := strings.Cut(stream, " ")
		n, err := strconv.Atoi(length)
		if err != nil || n > len(rest) || length[0] == '0' {
			t.Fatalf("message %d: length %q before %d bytes", i, length, len(rest))
		}
		readSyslog(t, rest[:n])
		stream = rest[n:]
	}
	if stream != "" {
		t.Errorf("%q is left", stream)
	}
}

// datagrams is a connection that keeps what each Write gave.
type datagrams []string

func (d *datagrams) Write(b []byte) (int, error) {
	*d = append(*d, string(b))
	return len(b), nil
}

func TestSyslogDatagrams(t *testing.T) {
	var sent datagrams
	s := export.NewSyslog(&sent, export.Datagram, "tap1", catalogue)
	for _, f := range findings() {
		if err := s.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	if len(sent) != len(findings()) {
		t.Fatalf("%d datagrams for %d findings", len(sent), len(findings()))
	}
	for _, d := range sent {
		readSyslog(t, d)
	}
}

func TestSyslogBounds(t *testing.T) {
	f := finding()
	long := strings.Repeat("é\xff\"]", 5000)
	f.Rule, f.Title, f.Account, f.Why, f.Evidence[0].Text = long, long, long, long, long
	var sent datagrams
	host := strings.Repeat("h ö", 500)
	if err := export.NewSyslog(&sent, export.Datagram, host, func(string) export.Rule { return export.Rule{Group: long} }).Finding(f); err != nil {
		t.Fatal(err)
	}
	m := readSyslog(t, sent[0])
	if len(sent[0]) > 2048 || len(sent[0]) < 2040 {
		t.Errorf("%d bytes, and a message may have 2048", len(sent[0]))
	}
	if len(m.host) != 255 || len(m.data["account"]) > 128 {
		t.Errorf("a host of %d bytes, an account of %d", len(m.host), len(m.data["account"]))
	}
	if err := export.NewSyslog(io.Discard, export.Lines, "", catalogue).Finding(finding()); err != nil {
		t.Fatal(err)
	}
}

func TestSyslogNoHost(t *testing.T) {
	var sent datagrams
	f := finding()
	f.Rule = ""
	if err := export.NewSyslog(&sent, export.Datagram, "", catalogue).Finding(f); err != nil {
		t.Fatal(err)
	}
	if m := readSyslog(t, sent[0]); m.host != "-" || m.msgID != "-" {
		t.Errorf("host %q, message id %q", m.host, m.msgID)
	}
}

// An event in CEF is the text of a message, and the same as in a file.
func TestSyslogCEF(t *testing.T) {
	var messages, events bytes.Buffer
	s, c := export.NewSyslogCEF(&messages, export.Lines, "tap1.example", "1.2", catalogue), export.NewCEF(&events, "1.2", catalogue)
	for _, f := range findings() {
		if err := errors.Join(s.Finding(f), c.Finding(f)); err != nil {
			t.Fatal(err)
		}
	}
	head := regexp.MustCompile(`(?m)^<8[0-9]>1 2026-\S+Z tap1\.example mailtap - [a-z0-9-]+ - CEF:0\|`)
	if n := len(head.FindAllString(messages.String(), -1)); n != len(findings()) {
		t.Errorf("%d messages, want %d:\n%s", n, len(findings()), messages.String())
	}
	if diff := cmp.Diff(events.String(), head.ReplaceAllString(messages.String(), "CEF:0|")); diff != "" {
		t.Errorf("(-file +messages):\n%s", diff)
	}
}
