package sinks_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
	"github.com/mailtap/mailtap/dissect"
)

// rsyslogConfig takes messages by %[1]s, reads their structured data, and writes
// what it understood to %[2]s. Fields are apart by TAB, which rsyslog itself
// escapes in what it receives.
const rsyslogConfig = `
global(maxMessageSize="64k" defaultNetstreamDriverCAFile="%[3]s/ca.pem"
  defaultNetstreamDriverCertFile="%[3]s/cert.pem" defaultNetstreamDriverKeyFile="%[3]s/key.pem")
module(load="mmpstrucdata")
%[1]s
template(name="understood" type="string"
  string="%%pri%%\t%%timereported:::date-rfc3339%%\t%%hostname%%\t%%app-name%%\t%%procid%%\t%%msgid%%\t%%structured-data%%\t%%$!rfc5424-sd%%\t%%msg%%\n")
action(type="mmpstrucdata")
action(type="omfile" file="%[2]s" template="understood")
`

// rsyslogInputs are the ways into rsyslog. TLS goes by GnuTLS and by OpenSSL.
var rsyslogInputs = []struct{ name, scheme, driver, config string }{
	{"udp", "udp", "", `module(load="imudp") input(type="imudp" address="127.0.0.1" port="%s")`},
	{"tcp", "tcp", "", `module(load="imtcp") input(type="imtcp" address="127.0.0.1" port="%s")`},
	{
		"tls-gnutls", "tls", "lmnsd_gtls.so",
		`module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon") input(type="imtcp" address="127.0.0.1" port="%s")`,
	},
	{
		"tls-openssl", "tls", "lmnsd_ossl.so",
		`module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon") input(type="imtcp" address="127.0.0.1" port="%s")`,
	},
}

// received is a message as rsyslog understood it.
type received struct {
	pri, time, host, app, proc, id, text string
	data                                 map[string]string
}

// startRsyslog starts rsyslog and returns the URL of its input, and a function
// that waits for n messages.
func startRsyslog(t *testing.T, scheme, input string) (to string, messages func(n int) []received) {
	t.Helper()
	program, err := exec.LookPath("rsyslogd")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/rsyslogd"); err != nil {
			t.Skip("rsyslogd is not installed: apt-get install rsyslog rsyslog-gnutls rsyslog-openssl")
		}
	}
	dir, port := t.TempDir(), freePort(t, scheme)
	config, out := filepath.Join(dir, "rsyslog.conf"), filepath.Join(dir, "out")
	text := fmt.Sprintf(rsyslogConfig, fmt.Sprintf(input, port), out, certificates)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "-n", "-f", config, "-i", filepath.Join(dir, "pid"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
		if t.Failed() {
			t.Logf("rsyslogd says: %s", said.String())
		}
	})
	await(t, "rsyslogd listens", func() bool { return taken(t, scheme, port) })
	return scheme + "://127.0.0.1:" + port, func(n int) []received {
		t.Helper()
		var lines []string
		await(t, fmt.Sprintf("rsyslogd has written %d messages", n), func() bool {
			b, _ := os.ReadFile(out)
			lines = strings.SplitAfter(string(b), "\n")
			return len(lines) > n
		})
		var list []received
		for _, line := range lines[:len(lines)-1] {
			list = append(list, understood(t, line))
		}
		return list
	}
}

// freePort finds a port of 127.0.0.1 that nobody has. It is below those that the
// kernel gives to whoever asks for any, so nobody gets it by chance.
func freePort(t *testing.T, scheme string) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		var c io.Closer
		var err error
		if scheme == "udp" {
			c, err = net.ListenPacket("udp", "127.0.0.1:"+port)
		} else {
			c, err = net.Listen("tcp", "127.0.0.1:"+port)
		}
		if err == nil {
			c.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// taken tells whether somebody listens at a port of 127.0.0.1. For datagrams the
// kernel is asked: to try the port would keep it from whom it is meant for.
func taken(t *testing.T, scheme, port string) bool {
	t.Helper()
	if scheme == "udp" {
		sockets, err := os.ReadFile("/proc/net/udp")
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(port)
		return bytes.Contains(sockets, fmt.Appendf(nil, " 0100007F:%04X ", n))
	}
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func understood(t *testing.T, line string) received {
	t.Helper()
	f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	if len(f) != 9 {
		t.Fatalf("%d fields in %q", len(f), line)
	}
	var data map[string]map[string]string
	if err := json.Unmarshal([]byte(f[7]), &data); err != nil {
		t.Fatalf("structured data %s: %v", f[6], err)
	}
	if len(data) != 1 {
		t.Errorf("%d elements in %s", len(data), f[6])
	}
	return received{f[0], f[1], f[2], f[3], f[4], f[5], strings.TrimPrefix(f[8], "\ufeff"), data["mailtap@32473"]}
}

// hostileAccounts are names that mean to break a message apart, or a terminal.
var hostileAccounts = []string{
	"joe", "a\nb\r\n<13>1 - - evil - - - -", "nul\x00byte", "\x1b[2J\x1b]0;title\x07", `"] [evil@1 x="y"]`, `\"]`, `back\slash`, `\`,
	"]", `"`, "Zoë 日本", "\u202etxt.exe\u2028", "\xff\xfe", "%msg%$!all-json", strings.Repeat("W", 10_000), strings.Repeat(`"]\`, 3000),
}

// wanted is what a receiver has to understand of a result.
func wanted(r *alerts.Result, host string) received {
	f := &r.Findings[0]
	account := export.Clean(f.Account)
	if len(account) > 128 {
		account = account[:128] // all of the long ones are ASCII
	}
	text := f.Title + " | " + f.Why + " | client: " + export.Clean(f.Evidence[0].Text)
	return received{
		pri: "83", time: "2026-01-02T03:04:05.123456Z", host: host, app: "mailtap", proc: "-", id: "base64-password", text: text,
		data: map[string]string{
			"rule": f.Rule, "severity": "high", "category": "credential", "blame": "client", "protocol": "smtp",
			"client": "10.0.0.5:40122", "server": "[2001:db8::9]:25", "account": account,
			"community_id": alerts.CommunityID(&dissect.Facts{Client: f.Client, Server: f.Server}),
			"finding":      f.ID.String(), "case": f.Case.String(), "session": f.Session.String(),
		},
	}
}

// compare compares what came with what has to come; a long text is cut.
func compare(t *testing.T, list []alerts.Result, got []received, host string) {
	t.Helper()
	if len(got) != len(list) {
		t.Fatalf("%d messages for %d findings", len(got), len(list))
	}
	for i := range list {
		want := wanted(&list[i], host)
		if len(want.text) > 2000 {
			if len(got[i].text) < 1000 || !strings.HasPrefix(want.text, got[i].text) {
				t.Errorf("text %q", got[i].text)
			}
			want.text = got[i].text
		}
		if diff := cmp.Diff(want, got[i], cmp.AllowUnexported(received{})); diff != "" {
			t.Errorf("account %.60q (-want +got):\n%s", list[i].Findings[0].Account, diff)
		}
	}
}

func hostileResults() (list []alerts.Result) {
	for _, account := range hostileAccounts {
		r := result(account)
		r.Findings[0].Evidence[0].Text = account
		list = append(list, r)
	}
	return list
}

func needDriver(t *testing.T, driver string) {
	t.Helper()
	if found, _ := filepath.Glob("/usr/lib/*/rsyslog/" + driver); driver != "" && len(found) == 0 {
		t.Skipf("rsyslog has no %s: apt-get install rsyslog-gnutls rsyslog-openssl", driver)
	}
}

// The live sink, as rsyslog understands it.
func TestRsyslogSink(t *testing.T) {
	host, _ := os.Hostname()
	for _, in := range rsyslogInputs {
		t.Run(in.name, func(t *testing.T) {
			needDriver(t, in.driver)
			to, messages := startRsyslog(t, in.scheme, in.config)
			s := open(t, sinks.Options{Syslog: to})
			list := hostileResults()
			for _, r := range list {
				s.Send(r)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			compare(t, list, messages(len(list)), host)
		})
	}
}

// Datagrams that come together arrive, all of them.
func TestRsyslogBurst(t *testing.T) {
	const findings = 2000
	in := rsyslogInputs[0]
	to, messages := startRsyslog(t, in.scheme, in.config)
	s := open(t, sinks.Options{Syslog: to})
	for _, r := range accounts(findings) {
		s.Send(r)
	}
	await(t, "all is sent", func() bool { return s.Stats()[0].Waiting == 0 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := len(messages(findings)); n != findings {
		t.Errorf("%d messages arrived, %d were sent", n, findings)
	}
}

// The writer of 'mailtap export', as rsyslog understands it.
func TestRsyslogWriter(t *testing.T) {
	for _, in := range rsyslogInputs {
		t.Run(in.name, func(t *testing.T) {
			needDriver(t, in.driver)
			url, messages := startRsyslog(t, in.scheme, in.config)
			to, err := sinks.ParseReceiver(url)
			if err != nil {
				t.Fatal(err)
			}
			c, err := to.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			w := export.NewSyslog(c, to.Framing(), "tap1.example", catalogue)
			list := hostileResults()
			for i := range list {
				if err := w.Finding(&list[i].Findings[0]); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, list, messages(len(list)), "tap1.example")
		})
	}
}

// Messages by line feed, as a file has them, are told apart, too.
func TestRsyslogLines(t *testing.T) {
	in := rsyslogInputs[1]
	to, messages := startRsyslog(t, in.scheme, in.config)
	c, err := net.Dial("tcp", strings.TrimPrefix(to, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	lines := bufio.NewWriter(c)
	w := export.NewSyslog(lines, export.Lines, "tap1.example", catalogue)
	list := hostileResults()
	for i := range list {
		if err := w.Finding(&list[i].Findings[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Flush(); err != nil {
		t.Fatal(err)
	}
	compare(t, list, messages(len(list)), "tap1.example")
}
