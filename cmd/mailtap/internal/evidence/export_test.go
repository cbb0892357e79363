package evidence_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/dissect"
)

const samples = "../../../../samples"

// analyse returns what the sessions of a capture are, secrets included.
func analyse(t testing.TB, file string, b []byte) (all []*dissect.Facts) {
	t.Helper()
	e := engine.New(func() []string { return []string{file} }, func(f *dissect.Facts) {
		f.Dialogue = nil
		all = append(all, f)
	})
	each(t, b, e.Packet)
	e.Flush()
	return all
}

// each takes the packets of a capture, up to its damage.
func each(t testing.TB, b []byte, take func(*capture.Packet)) {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	for err = r.Next(&p); err == nil; err = r.Next(&p) {
		take(&p)
	}
	if err != io.EOF {
		t.Log(err)
	}
}

// wanted returns all sessions of a capture, and their findings.
func wanted(all []*dissect.Facts) (list []evidence.Wanted) {
	for _, f := range all {
		r := judge.Session(alerts.Clone(f))
		list = append(list, evidence.Wanted{Session: r.Session, Findings: r.Findings})
	}
	return list
}

// export writes all sessions of a capture.
func export(t testing.TB, all []*dissect.Facts, o evidence.Options) ([]byte, evidence.Report) {
	t.Helper()
	var out bytes.Buffer
	r, err := evidence.Export(t.Context(), &out, wanted(all), o)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), r
}

// rulesOf lists what was found in which session.
func rulesOf(all []*dissect.Facts) (list []string) {
	for _, w := range wanted(all) {
		for _, f := range w.Findings {
			list = append(list, w.Session.ID.String()+" "+f.Rule+" "+f.Severity.String())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// streams gathers what crossed in each direction of each connection.
type streams struct{ all map[string][]byte }

func (s *streams) Open(*reassembly.Flow) {}
func (s *streams) Data(f *reassembly.Flow, dir reassembly.Direction, _ uint64, b []byte) {
	key := f.Src(dir).String() + f.Src(dir^1).String()
	s.all[key] = append(s.all[key], b...)
}
func (s *streams) Gap(*reassembly.Flow, reassembly.Direction, uint64, uint64)   {}
func (s *streams) Again(*reassembly.Flow, reassembly.Direction, uint64, []byte) {}
func (s *streams) Clash(*reassembly.Flow, reassembly.Direction, uint64, reassembly.Version, reassembly.Version) {
}
func (s *streams) Close(*reassembly.Flow) {}

// read returns all that can be read in a capture: its packets, and its streams.
func read(t testing.TB, b []byte) []byte {
	t.Helper()
	s := &streams{map[string][]byte{}}
	table, d := reassembly.New(reassembly.Limits{}, s), decode.New()
	var segment decode.Segment
	var text []byte
	each(t, b, func(p *capture.Packet) {
		text = append(append(text, p.Data...), "\x00----\x00"...)
		if d.Decode(p, &segment) == decode.TCP {
			table.Add(&segment)
		}
	})
	table.Flush()
	for _, stream := range s.all {
		text = append(append(text, "\x00----\x00"...), stream...)
	}
	return text
}

// words are in every session: as a secret they are overwritten only where they
// were sent as one.
var words = []string{"pass", "user", "plain", "login", "quit", "data"}

// forms returns how the secrets of sessions may be written, by what they are.
func forms(all []*dissect.Facts) map[string]string {
	const least = 4
	list := map[string]string{}
	add := func(what, form string) {
		if len(form) >= least && strings.Trim(form, "x") != "" {
			list[what] = form
		}
	}
	for _, f := range all {
		for _, a := range f.Auth {
			secret := a.Secret.Reveal()
			if len(secret) < least || slices.Contains(words, strings.ToLower(secret)) {
				continue
			}
			who := a.Mechanism + " of " + a.Account + " from " + f.Client.String()
			add("plain "+who, secret)
			for shift, first := range []int{0, 2, 3} {
				digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
				add("BASE64 "+who, digits[first:(shift+len(secret))*8/6])
			}
			for _, q := range a.Quotes {
				if sent := q.Text[q.Hide.From:q.Hide.To]; len(sent) >= least && len(q.Text) < dissect.MaxQuote && (f.Signs == nil || f.Signs.Compressed == "") {
					add("sent "+who, sent)
				}
			}
		}
	}
	return list
}

// hold exports a capture and holds the result against the original: the same
// is found in it, and no secret.
func hold(t *testing.T, file string, original []byte) (out []byte, secrets int) {
	t.Helper()
	all := analyse(t, file, original)
	if len(all) == 0 {
		return nil, 0
	}
	out, report := export(t, all, evidence.Options{})
	if len(report.Remarks) > 0 {
		t.Logf("%q", report.Remarks)
	}
	again := analyse(t, file, out)
	if diff := cmp.Diff(rulesOf(all), rulesOf(again)); diff != "" {
		t.Errorf("(-original +exported):\n%s", diff)
	}
	sent := map[string]bool{}
	for _, f := range all {
		for _, a := range f.Auth {
			sent[a.Secret.Reveal()] = true
		}
	}
	for _, f := range again { // also what cannot be read as it is: COMPRESS
		for _, a := range f.Auth {
			if s := a.Secret.Reveal(); sent[s] && strings.Trim(s, "x") != "" {
				t.Errorf("%s of %s from %v: the secret is still in it", a.Mechanism, a.Account, f.Client)
			}
		}
	}
	before, after := read(t, original), read(t, out)
	for what, form := range forms(all) {
		if bytes.Contains(before, []byte(form)) {
			secrets++
		}
		if i := bytes.Index(after, []byte(form)); i >= 0 {
			t.Errorf("%s: is readable: %q", what, after[max(0, i-20):min(len(after), i+len(form)+20)])
		}
	}
	return out, secrets
}

// The packets of all samples, written without secrets, tell the same.
func TestExportHidesSecretsAndKeepsFindings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(samples, "*.pcap"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	total := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, n := hold(t, file, readFile(t, file))
			total += n
		})
	}
	if total < 60 {
		t.Errorf("only %d forms of secrets in the samples", total)
	}
}

// A password in TLS that encrypts nothing is overwritten, too.
func TestExportOfTLSWithoutEncryption(t *testing.T) {
	file := filepath.Join(samples, "tls-weak-ciphers.pcap")
	b := readFile(t, file)
	out, _ := hold(t, file, b)
	command := []byte("PASS ")
	if !bytes.Contains(read(t, b), command) || bytes.Contains(read(t, out), command) {
		t.Error("no PASS in the sample, or one in what is exported")
	}
}

// With --show-secrets packets are as they were.
func TestExportShowsSecrets(t *testing.T) {
	file := filepath.Join(samples, "imap-login.pcap")
	b := readFile(t, file)
	out, r := export(t, analyse(t, file, b), evidence.Options{ShowSecrets: true})
	if r.Sessions != 1 || len(r.Remarks) > 0 {
		t.Errorf("%+v", r)
	}
	var packets [2][]string
	for i, b := range [][]byte{b, out} {
		each(t, b, func(p *capture.Packet) { packets[i] = append(packets[i], string(p.Data)) })
	}
	if len(packets[1]) < 20 || !strings.Contains(strings.Join(packets[0], "|"), strings.Join(packets[1], "|")) {
		t.Errorf("%d packets, which are not those of the sample", len(packets[1]))
	}
}
