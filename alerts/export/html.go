package export

import (
	"cmp"
	_ "embed" // of the page and its style
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

//go:embed report.html
var reportPage string

//go:embed report.css
var reportStyle string

// Bounds of the page's texts, in bytes.
const (
	maxHTMLName = 96  // of a name, a title or a path
	maxHTMLLine = 240 // of a line of evidence
)

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"count": grouped[uint64],
	"name":  func(s string) string { return ellipsis(s, maxHTMLName) },
	"line":  func(s string) string { return ellipsis(s, maxHTMLLine) },
	"time":  minutes,
	"join":  strings.Join,
}).Parse(reportPage))

// Write writes the report as one HTML page that needs nothing else: no script,
// no picture, no font.
func (r *Report) Write(w io.Writer) error { return reportTemplate.Execute(w, r.page()) }

type reportView struct {
	Style      template.CSS
	Subject    string
	Period     string
	Sessions   []share
	Severities []share
	Total      uint64 // sessions
	Found      uint64 // findings
	Exposed    uint64
	Excepted   uint64 // findings
	Chart      *chart
	Groups     []groupView
	Others     uint64
	Closed     []share
	Accounts   *nameTable
	Servers    *nameTable
	Clients    *nameTable
	Seen       *seenView // nil: no session is in the report
}

// share is a count of a whole.
type share struct {
	Name  string
	Count uint64
	Means string
}

func (r *Report) page() *reportView {
	v := &reportView{
		Style: template.CSS(reportStyle), Subject: r.subject, Others: r.others, Excepted: r.excepted,
		Accounts: newNameTable(&r.accounts), Servers: newNameTable(&r.servers), Clients: newNameTable(&r.clients),
		Exposed: r.counts.Sessions[alerts.Exposed], Chart: newChart(&r.times),
	}
	for i := range verdictMeans {
		verdict := alerts.Exposed - alerts.Verdict(i)
		n := r.counts.Sessions[verdict]
		v.Sessions = append(v.Sessions, share{verdict.String(), n, verdictMeans[verdict]})
		v.Total += n
	}
	for s := int(alerts.Critical); s >= 0; s-- {
		n := r.counts.Findings[s]
		v.Severities = append(v.Severities, share{alerts.Severity(s).String(), n, ""})
		v.Found += n
	}
	for s := alerts.Resolved; s <= alerts.FalsePositive; s++ {
		if n := r.statuses[s]; n > 0 {
			v.Closed = append(v.Closed, share{s.String(), n, ""})
		}
	}
	for _, g := range r.worstGroups() {
		v.Groups = append(v.Groups, r.group(g))
	}
	v.Seen = r.coverage(v.Total)
	switch {
	case v.Seen != nil:
		v.Period = v.Seen.From + " to " + v.Seen.To
	case v.Chart != nil:
		v.Period = v.Chart.From + " to " + v.Chart.To
	}
	return v
}

var verdictMeans = [...]string{
	alerts.Exposed:        "a password, a token or a message was readable",
	alerts.Weak:           "crackable login, or faulty TLS",
	alerts.Clear:          "readable, but nothing secret was said",
	alerts.Protected:      "in TLS, without a fault of weight",
	alerts.UnknownVerdict: "not enough was seen",
}

type groupView struct {
	Rule, Severity, Title string
	Text                  Rule
	Open, Findings, More  uint64
	Cases                 []caseView
}

type caseView struct {
	ID, Severity, Status, Server, Client, Account string
	HasAccount                                    bool
	Findings                                      uint64
	First, Last                                   int64
	Note                                          string
	Evidence                                      []alerts.Evidence
}

func (r *Report) group(g *caseGroup) groupView {
	text := r.rules(g.rule)
	v := groupView{
		Rule: g.rule, Severity: g.severity.String(), Title: cmp.Or(text.Title, g.title), Text: text,
		Open: g.open, Findings: uint64(g.findings), More: g.open - uint64(len(g.cases)),
	}
	v.Text.Config = onceNamed(v.Text.Config)
	for _, k := range g.cases {
		v.Cases = append(v.Cases, caseView{
			ID: k.ID.String(), Severity: k.Severity.String(), Status: k.Status.String(), Server: k.Server, Client: k.Client,
			Account: k.Account, HasAccount: k.HasAccount, Findings: uint64(k.Findings), First: k.First, Last: k.Last,
			Note: k.Note, Evidence: k.evidence,
		})
	}
	return v
}

// onceNamed names a program beside its first line only.
func onceNamed(config []dissect.Pair) []dissect.Pair {
	out := slices.Clone(config)
	for i := 1; i < len(out); i++ {
		if config[i].Key == config[i-1].Key {
			out[i].Key = ""
		}
	}
	return out
}

// ellipsis makes text harmless and tells where it was cut.
func ellipsis(s string, most int) string {
	if s = cutText(s, most+1); len(s) <= most {
		return s
	}
	return cutText(s, most) + "…"
}

// minutes writes a time for people.
func minutes(ns int64) string {
	t := formatTime(ns)
	return t[:len("2006-01-02")] + " " + t[len("2006-01-02T"):len("2006-01-02T15:04")]
}

// grouped writes a number with its thousands apart.
func grouped[N uint64 | int](n N) string {
	s := strconv.FormatUint(uint64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
