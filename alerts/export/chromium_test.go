package export_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// browserWait is how long the browser may take for a page.
const browserWait = 2 * time.Minute

// trap is a web server that keeps what it was asked for.
type trap struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	p := new(trap)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = append(p.asked, r.URL.Path)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *trap) hits() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// scripts are words that act in a page that takes them as they are: each asks
// the server for something, or writes "acted" into the page.
func (p *trap) scripts() map[string]string {
	url := p.URL
	return map[string]string{
		"script":    `"><script>document.body.append("ac"+"ted")</script>`,
		"event":     `'"><img src="x:" onerror='document.body.append("ac"+"ted")'>`,
		"svg":       `<svg onload='document.body.append("ac"+"ted")'></svg>`,
		"image":     `<img src="` + url + `/image">`,
		"style":     `</style><style>body{background:url(` + url + `/background)}</style>`,
		"sheet":     `<link rel=stylesheet href="` + url + `/sheet">`,
		"frame":     `<iframe src="` + url + `/frame"></iframe>`,
		"document":  `<iframe srcdoc="<script src='` + url + `/inner'></script>"></iframe>`,
		"frame-url": `<iframe src='javascript:parent.document.body.append("ac"+"ted")'></iframe>`,
	}
}

// words are further names that mean no good, as words.
var words = map[string]string{
	"end": `</bdi></td></table></body></html>`, "comment": `<!--`, "template": `{{.}}`, "formula": `=HYPERLINK("http://x.example")`,
	"link": `javascript:alert(1)`, "controls": hostile, "direction": "\u202e\u2066moc.elpmaxe\u200f", "entity": `&lt;script&gt;&#x202e;`,
	"data": `data:text/html,<script>alert(1)</script>`, "quotes": `"'` + "`", "long": strings.Repeat("W", 10_000),
	"marks": "a" + strings.Repeat("\u0301", 5000),
}

// render opens a page in the browser and returns what became of it.
func render(t *testing.T, page string) string {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: apt-get install chromium")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "page.html")
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), browserWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--virtual-time-budget=5000", "--dump-dom", "file://"+path)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second // its helpers may keep the pipes
	out, err := cmd.Output()
	if err != nil || len(out) == 0 {
		t.Fatalf("chromium: %v\n%s", err, said.String())
	}
	return string(out)
}

// reportOf is a report in which everything that a peer or a file names is bad,
// one case for each.
func reportOf(t *testing.T, bad []string) string {
	t.Helper()
	r := export.NewReport(bad[0], catalogue)
	for i, name := range bad {
		f := finding()
		number(f, i)
		f.Account, f.Title, f.Rule, f.Why = name, name, name, name
		f.Evidence = []alerts.Evidence{{File: name, Packet: 1, Text: name}}
		k := caseOf(f)
		k.ID = alerts.CaseID{byte(i), 1}
		f.Case = k.ID
		k.Server, k.Client, k.Note = name, name, name
		r.Case(k)
		r.Finding(f)
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The words act where nothing holds them, so that the other tests can fail.
func TestBrowserActs(t *testing.T) {
	for name, script := range newTrap(t).scripts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTrap(t)
			page := render(t, "<!DOCTYPE html><html><body><p>begin "+p.scripts()[name]+" end</p></body></html>")
			if acted := strings.Contains(page, "acted"); !acted && len(p.hits()) == 0 {
				t.Errorf("%s does nothing: %s", script, page)
			}
		})
	}
}

// A report shows names that mean to act as text, in a real browser: no script
// runs, nothing is asked for, and every name is there.
func TestBrowserReport(t *testing.T) {
	p := newTrap(t)
	var bad []string
	for _, script := range p.scripts() {
		bad = append(bad, script)
	}
	for _, word := range words {
		bad = append(bad, word)
	}
	page := reportOf(t, bad)
	shown := render(t, page)
	if diff := cmp.Diff([]string(nil), p.hits()); diff != "" {
		t.Errorf("the browser asked for (-want +got):\n%s", diff)
	}
	texts := strings.Join(checkPage(t, shown), "\n")
	for _, name := range bad {
		text := export.Clean(name)
		if len(text) > 90 {
			text = text[:90]
		}
		if strings.Count(texts, text) < 5 {
			t.Errorf("%q is shown %d times", text, strings.Count(texts, text))
		}
	}
	if diff := cmp.Diff(elements(page), elements(shown)); diff != "" {
		t.Errorf("the browser understood other elements (-written +understood):\n%s", diff)
	}
}

// Should a name ever get into the page as it is, the page's own policy still
// holds it.
func TestBrowserPolicy(t *testing.T) {
	const place = "this-name-here"
	p := newTrap(t)
	var all strings.Builder
	for _, script := range p.scripts() {
		all.WriteString(script)
	}
	page := reportOf(t, []string{place})
	page = strings.Replace(page, ">"+place+"</bdi>", ">"+all.String()+"</bdi>", 1)
	if !strings.Contains(page, all.String()) {
		t.Fatal("the name is not in the page")
	}
	shown := render(t, page)
	if diff := cmp.Diff([]string(nil), p.hits()); diff != "" {
		t.Errorf("the browser asked for (-want +got):\n%s", diff)
	}
	if strings.Contains(shown, "acted") {
		t.Errorf("a script has run: %s", shown)
	}
}

// elements counts the elements of a page by name.
func elements(page string) map[string]int {
	counts := map[string]int{}
	for _, name := range regexp.MustCompile("<([a-z0-9]+)").FindAllStringSubmatch(page, -1) {
		counts[name[1]]++
	}
	return counts
}
