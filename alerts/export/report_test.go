package export_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

func writeReport(t *testing.T, r *export.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	checkPage(t, b.String())
	return b.String()
}

// voids are elements without an end.
var voids = []string{"meta"}

// checkPage reads a page's elements: they are nested as they should be, and
// none does or loads anything.
func checkPage(t *testing.T, page string) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict = false
	d.AutoClose = voids
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("at byte %d: %v", d.InputOffset(), err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "script", "img", "iframe", "link", "object", "embed", "form", "b", "base":
				t.Errorf("there is a <%s>", token.Name.Local)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "src" || a.Name.Local == "style" ||
					a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#rule-") {
					t.Errorf("<%s> has %s=%q", token.Name.Local, a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			texts = append(texts, string(token))
		}
	}
}

// small is a report of the samples.
func small() *export.Report {
	r := export.NewReport("mailtap.db", catalogue)
	for _, f := range findings()[:2] {
		r.Case(caseOf(f))
	}
	for _, f := range findings() {
		r.Finding(f)
	}
	for _, s := range []*alerts.Session{readable(), protected(), dark(), evil()} {
		r.Session(s)
	}
	closed := cases()[1]
	r.Case(&closed)
	return r
}

func TestReport(t *testing.T) {
	page := writeReport(t, small())
	golden(t, "report.html", page)
	if !harmless(page) {
		t.Error("a character that acts was written as it is")
	}
	for _, part := range []string{
		"1 of 4 mail sessions exposed", "Set the mail program to TLS.", "smtpd_tls_auth_only = yes", "packet 19",
		"1 resolved", alerts.Mask, "How well it was seen", "seen only in part", "joined late",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not there", part)
		}
	}
}

func TestReportOfNothing(t *testing.T) {
	page := writeReport(t, export.NewReport("", catalogue))
	for _, part := range []string{"Nothing was found", "There is no open case.", "No sessions are in this report", "not kept in a database"} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not there", part)
		}
	}
	if strings.Contains(page, "<svg") {
		t.Error("there is a picture of nothing")
	}
}

// What is missing of sessions is told, and the captures are named up to a bound.
func TestReportSeen(t *testing.T) {
	r := export.NewReport("", catalogue)
	for i := range 1100 {
		s := protected()
		s.Facts.Flags = 0
		if i < 3 {
			s.Facts.Flags = dissect.Truncated | dissect.Evicted
		}
		s.Facts.Files = []string{fmt.Sprintf("day-%04d.pcap", i)}
		s.Facts.Packets, s.Facts.Bytes = 10, [2]uint64{100, 200}
		r.Session(s)
	}
	page := writeReport(t, r)
	for _, part := range []string{
		"No exposed session among 1,100", "3 of 1,100 seen only in part", "1,100, of 11,000 packets and 330,000 bytes of content",
		"more than 1,000:", "day-0007.pcap", "and 992 more", `ended by a limit</th><td class="number">3<`, `cut packets</th><td class="number">3<`,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not there", part)
		}
	}
	if strings.Contains(page, "day-0008.pcap") {
		t.Error("more captures are named than should be")
	}
}

// Names that mean to act are words on the page, and its elements stay as they
// are.
func TestReportHostile(t *testing.T) {
	for name, bad := range map[string]string{
		"script": `"><script>alert(1)</script><b onmouseover='x'>`, "comment": `<!-- --></style></bdi></td></table><b>`,
		"template": `{{.}}`, "controls": hostile, "direction": "\u202e\u2066moc.elpmaxe", "formula": "=HYPERLINK(\"http://x\")",
		"url": "javascript:alert(1)", "long": strings.Repeat("W", 10_000), "marks": "a" + strings.Repeat("\u0301", 5000),
		"no-utf8": strings.Repeat("\xff", 10_000), "entity": "&lt;&#x202e;",
	} {
		t.Run(name, func(t *testing.T) {
			f := finding()
			f.Account, f.Title, f.Rule, f.Why = bad, bad, bad, bad
			f.Evidence = []alerts.Evidence{{File: bad, Packet: 1, Text: bad}}
			k := caseOf(f)
			k.Server, k.Client, k.Note = bad, bad, bad
			other := *k
			other.ID, other.HasAccount = alerts.CaseID{9}, false
			r := export.NewReport(bad, catalogue)
			r.Case(k)
			r.Case(&other)
			r.Finding(f)
			s := evil()
			s.Facts.Banner = bad
			r.Session(s)
			page := writeReport(t, r)
			if !harmless(page) {
				t.Error("a character that acts was written as it is")
			}
			if len(page) > 40_000 {
				t.Errorf("the page has %d bytes", len(page))
			}
			shown := export.Clean(bad)
			if len(shown) > 90 {
				shown = shown[:90]
			}
			if !strings.Contains(strings.Join(checkPage(t, page), "\n"), shown) {
				t.Errorf("%q is not shown", shown)
			}
		})
	}
}

// The same findings give the same page in any order.
func TestReportOrder(t *testing.T) {
	var list []*alerts.Finding
	for i := range 500 {
		f := finding()
		number(f, i*i)
		f.Case[0] = byte(i % 7)
		f.Severity = alerts.Severity(i % 5)
		f.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 50)}), 99)
		list = append(list, f)
	}
	write := func(step int) string {
		r := export.NewReport("", catalogue)
		for i := range list {
			r.Case(caseOf(list[i*step%len(list)]))
		}
		for i := range list {
			r.Finding(list[i*step%len(list)])
		}
		return writeReport(t, r)
	}
	if forth, back := write(1), write(len(list)-1); forth != back {
		t.Error("the order of findings is seen in the page")
	}
}

// A report of very many findings is a page that can be read, and says what it
// leaves out.
func TestReportBounds(t *testing.T) {
	r := export.NewReport("", catalogue)
	const n = 20_000
	f := finding()
	for i := range n {
		number(f, i)
		r.Case(caseOf(f))
	}
	for i := range n {
		number(f, i)
		f.Severity = alerts.Medium
		if i == 7 || i == n-1 {
			f.Severity = alerts.Critical
		}
		r.Finding(f)
	}
	page := writeReport(t, r)
	if len(page) > 100_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	for _, part := range []string{
		"20,000", "19,980 more cases are not shown", "some counts are too low",
		`name">account7</bdi>`, `name">account19999</bdi>`, // the worst names are kept whenever they came
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not there", part)
		}
	}
}

func TestReportManyRules(t *testing.T) {
	r := export.NewReport("", catalogue)
	for i := range 130 {
		k := caseOf(finding())
		k.Rule = "rule" + strings.Repeat("x", i)
		k.ID = alerts.CaseID{byte(i)}
		r.Case(k)
	}
	if page := writeReport(t, r); !strings.Contains(page, "30 open cases of further rules") {
		t.Error("cases of further rules are not told")
	}
}

// The bars of the picture lie in it, and all findings are in them.
func TestReportTimeline(t *testing.T) {
	tests := []struct {
		name  string
		times []int64 // seconds
		bars  int
		step  string
	}{
		{"one", []int64{0}, 1, "a bar is one second,"},
		{"same-second", []int64{5, 5, 5}, 1, "a bar is one second,"},
		{"a-minute", []int64{0, 59}, 2, "a bar is one second,"},
		{"joined", []int64{0, 1, 200}, 2, "a bar is 5 seconds,"},
		{"an-hour", []int64{0, 3600}, 2, "a bar is one minute,"},
		{"a-month", []int64{0, 86400 * 30}, 2, "a bar is 12 hours,"},
		{"before-1970", []int64{-1 << 33, 0, 1 << 33}, 3, " days,"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := export.NewReport("", catalogue)
			for _, s := range tt.times {
				f := finding()
				f.Time = s * 1e9
				r.Finding(f)
			}
			page := writeReport(t, r)
			if got := strings.Count(page, "<g><title>"); got != tt.bars {
				t.Errorf("%d bars, want %d", got, tt.bars)
			}
			if !strings.Contains(page, tt.step) {
				t.Errorf("a bar is not %q", tt.step)
			}
		})
	}
}

// The evidence of a case is that of its worst finding.
func TestReportEvidence(t *testing.T) {
	r := export.NewReport("", catalogue)
	r.Case(caseOf(finding()))
	for i, text := range []string{"first", "worst", "later"} {
		f := finding()
		f.Time += int64(i)
		f.Severity = []alerts.Severity{alerts.Low, alerts.High, alerts.Medium}[i]
		f.Evidence = []alerts.Evidence{{From: dissect.Server, Text: text + "-line"}}
		r.Finding(f)
	}
	page := writeReport(t, r)
	if !strings.Contains(page, "worst-line") || strings.Contains(page, "first-line") || strings.Contains(page, "later-line") {
		t.Error("other evidence than that of the worst finding")
	}
}
