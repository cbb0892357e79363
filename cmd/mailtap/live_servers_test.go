//go:build linux

package main

import (
	"encoding/base64"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLiveServers runs Dovecot, Postfix and Exim, lets real clients speak with
// them, at times through a man in the middle, and holds what 'mailtap capture'
// finds on the mirror port against testdata/live/*.txt. It runs when MAILTAP_E2E
// is 1, as root, and never installs anything. The servers are shared; each part
// has addresses of its own and a capture of its own.
func TestLiveServers(t *testing.T) {
	w := newMailWire(t)
	w.run(t, `account otto '%s'; inbox otto 'Quarterly figures'`, wirePassword)
	w.run(t, `start_dovecot 'plain login cram-md5 apop scram-sha-256' yes 'auth_verbose = no'`)
	w.run(t, `start_postfix "$SERVER_NS" "$SASL" 'smtpd_tls_security_level = may' 'smtpd_error_sleep_time = 0' "inet_interfaces = $SERVER_IP, 127.0.0.1"`)
	w.run(t, `addresses "$CLIENT_NS" 10 24; addresses "$SERVER_NS" %d %d`, firstRelay, lastRelay)
	t.Run("sessions", func(t *testing.T) { liveSessions(t, w) })
	t.Run("ipv6-and-sieve", func(t *testing.T) { liveIPv6AndSieve(t, w) })
	t.Run("exim", func(t *testing.T) { liveExim(t, w) })
	t.Run("man-in-the-middle", func(t *testing.T) { liveTampering(t, w) })
	t.Run("server-changed", func(t *testing.T) { liveServerChanged(t, w) })
	t.Run("mailboxes-changed", func(t *testing.T) { liveMailboxesChanged(t, w) })
	t.Run("mtu-576", func(t *testing.T) { liveSmallPackets(t, w) })
}

// The account that every server knows.
const wireUser, wirePassword = "otto", "correct-horse-9"

// mirrorPort is mailtap and tcpdump on the mirror port.
type mirrorPort struct {
	wire *mailWire
	live *liveProgram
	tape *liveTape
}

func (w *mailWire) watch(t *testing.T) *mirrorPort {
	t.Helper()
	in := []string{"ip", "netns", "exec", w.monitor}
	command := append(in, w.mailtap, "capture", "-i", mirrorDevice, "--db", "none", "--format", "jsonl")
	return &mirrorPort{
		wire: w,
		live: startLive(t, "mailtap: capturing on "+mirrorDevice, command...),
		tape: startTapeOn(t, mirrorDevice, in...),
	}
}

// end returns what was found, after holding it against what is found in what
// tcpdump has recorded; counts tells how far their counts may differ.
func (m *mirrorPort) end(t *testing.T, counts cmp.Option) []object {
	t.Helper()
	m.wire.settle(t)
	file := m.tape.endAfter(t, func(last []byte) error {
		return inNamespace(m.wire.client, func() error {
			conn, err := net.Dial("udp", net.JoinHostPort(wireServer, "9"))
			if err != nil {
				return err
			}
			defer conn.Close()
			_, err = conn.Write(last)
			return err
		})
	})
	m.live.stop(t, syscall.SIGTERM, statusDone)
	live := m.live.stdout.String()
	if strings.Contains(live+m.live.stderr.String(), wirePassword) {
		t.Error("the password stands in the output")
	}
	offline, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", file)
	if diff := cmp.Diff(sessionsAndFindings(t, live), sessionsAndFindings(t, offline), counts); diff != "" {
		t.Errorf("(-live +what tcpdump recorded):\n%s", diff)
	}
	return objects(t, live)
}

// The two ends run on two processors, so what passes at once may reach two
// programs in another order.
var (
	// inAnyOrder: a packet of the beginning or the end of a connection is counted
	// with it or is not.
	inAnyOrder = within(1, "packets")
	// besideResets: a TLS alert and a FIN that meet the other side's RST are counted
	// by the program that saw them before it.
	besideResets = cmp.Options{
		within(2, "packets"),
		within(85, "bytes_client", "bytes_server"), // an alert in a CBC record with SHA-384, the longest
	}
)

// within lets the numbers under some keys differ by at most so many.
func within(most float64, keys ...string) cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool {
		key, ok := p.Last().(cmp.MapIndex)
		return ok && slices.Contains(keys, key.Key().String())
	}, cmp.Comparer(func(a, b any) bool {
		n, ok := a.(float64)
		m, ok1 := b.(float64)
		return ok && ok1 && math.Abs(n-m) <= most
	}))
}

// hold compares lines with a file of testdata/live.
func hold(t *testing.T, name string, got []string) {
	t.Helper()
	file := filepath.Join("testdata", "live", name)
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(readFile(t, file)), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// The log-ins of all parts: what a person or a script types.
func (w *mailWire) curl(server string, port int, url string, args ...string) []string {
	command := []string{"curl", "-sS", "-m", "15", "--cacert", filepath.Join(w.scratch, "pki", "ca.pem"), "-u", wireUser + ":" + wirePassword,
		"--resolve", fmt.Sprintf("%s:%d:%s", wireServerName, port, server)}
	return append(append(command, args...), url)
}

func (w *mailWire) swaks(server string, port int, args ...string) []string {
	command := []string{"swaks", "--timeout", "10", "--server", netip.MustParseAddr(server).String(), "--port", fmt.Sprint(port), "--helo", "pc7.example",
		"--from", "otto@shop.example", "--to", "bob@shop.example", "--header", "Subject: Tender", "--body", "We bid 2.4 million."}
	return append(command, args...)
}

// login is what makes swaks log in.
func login(mechanism string) []string {
	return []string{"--auth", mechanism, "--auth-user", wireUser, "--auth-password", wirePassword}
}

// fetchmail polls the server once, in clear.
func (w *mailWire) fetchmail(t *testing.T, protocol string) []string {
	t.Helper()
	file := filepath.Join(w.scratch, "fetchmailrc")
	line := fmt.Sprintf("poll %s protocol %s auth password user %s password %s sslproto '' keep fetchall mda /usr/bin/true\n", wireServer, protocol, wireUser, wirePassword)
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"fetchmail", "--nosyslog", "--pidfile", filepath.Join(w.scratch, "fetchmail.pid"), "--idfile", filepath.Join(w.scratch, "fetchids"), "-f", file}
}

// liveSessions are log-ins in every protocol, with TLS and without.
func liveSessions(t *testing.T, w *mailWire) {
	m := w.watch(t)
	w.logIns(t)
	hold(t, "sessions.txt", told(m.end(t, inAnyOrder), mirrorDevice))
}

func (w *mailWire) logIns(t *testing.T) {
	t.Helper()
	const imap, pop3 = "imap://" + wireServerName + "/INBOX;MAILINDEX=1", "pop3://" + wireServerName + "/1"
	w.succeed(t, "", w.fetchmail(t, "IMAP")...)
	w.succeed(t, "", w.fetchmail(t, "POP3")...)
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5"} {
		w.succeed(t, "", w.curl(wireServer, 143, imap, "--login-options", "AUTH="+mechanism)...)
	}
	w.succeed(t, "", "gsasl", "--client", "--imap", "--no-starttls", "--mechanism", "SCRAM-SHA-256", "--authentication-id", wireUser,
		"--password", wirePassword, "--quiet", wireServer, "143")
	w.succeed(t, "", w.curl(wireServer, 143, imap, "--ssl-reqd")...)
	w.succeed(t, "", w.curl(wireServer, 143, imap, "--ssl-reqd", "--tls-max", "1.2")...)
	w.succeed(t, "", w.curl(wireServer, 993, strings.Replace(imap, "imap", "imaps", 1))...)
	w.succeed(t, "", w.curl(wireServer, 110, pop3, "--login-options", "AUTH=+APOP")...)
	w.succeed(t, "", w.curl(wireServer, 110, pop3, "--login-options", "AUTH=PLAIN")...)
	w.succeed(t, "", w.curl(wireServer, 110, pop3, "--ssl-reqd", "--tls-max", "1.2")...)
	w.succeed(t, "USER otto\r\nPASS "+wirePassword+"\r\nSTAT\r\nQUIT\r\n", "openssl", "s_client", "-quiet", "-tls1_2",
		"-servername", wireServerName, "-CAfile", filepath.Join(w.scratch, "pki", "ca.pem"), "-connect", wireServer+":995")
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5"} {
		w.succeed(t, "", w.swaks(wireServer, 587, login(mechanism)...)...)
	}
	w.succeed(t, "", w.swaks(wireServer, 587, append(login("PLAIN"), "--tls", "--tls-sni", wireServerName)...)...)
	w.succeed(t, "", w.swaks(wireServer, 465, append(login("PLAIN"), "--tls-on-connect", "--tls-sni", wireServerName)...)...)
	w.succeed(t, "", w.swaks(wireServer, 25)...)
	w.succeed(t, "", w.swaks(wireServer, 24, "--protocol", "LMTP", "--to", wireUser)...)
}

// wireServer6 is the server's other address; see samples/lib.sh.
const wireServer6 = "2001:db8::25"

// sieveInClear logs in without TLS, which sieve-connect does not where there is
// some.
const sieveInClear = `exec 3<>"/dev/tcp/$1/4190"
answer() { local line; while read -r line <&3; do case $line in OK*) return 0;; NO*|BYE*) return 1;; esac; done; return 1; }
answer
printf 'AUTHENTICATE "PLAIN" "%s"\r\n' "$2" >&3; answer || exit
printf 'LOGOUT\r\n' >&3; answer`

// liveIPv6AndSieve are log-ins over IPv6, and in ManageSieve (RFC 5804).
func liveIPv6AndSieve(t *testing.T, w *mailWire) {
	m := w.watch(t)
	w.succeed(t, "", w.curl(wireServer, 143, "imap://["+wireServer6+"]/INBOX;MAILINDEX=1", "--login-options", "AUTH=PLAIN")...)
	w.succeed(t, "", w.curl(wireServer, 110, "pop3://["+wireServer6+"]/1", "--login-options", "AUTH=LOGIN")...)
	w.succeed(t, "", "bash", "-c", sieveInClear, "sh", wireServer,
		base64.StdEncoding.EncodeToString([]byte("\x00"+wireUser+"\x00"+wirePassword)))
	w.succeed(t, wirePassword+"\n", "sieve-connect", "--nosrv", "--notlsverify", "--server", wireServerName, "--port", "4190",
		"--user", wireUser, "--passwordfd", "0", "--list")
	hold(t, "ipv6-and-sieve.txt", told(m.end(t, inAnyOrder), mirrorDevice))
}

// eximPort is Exim's; Postfix has the usual ones.
const eximPort = 2525

// liveExim are log-ins with NTLM, which of the servers only Exim has.
func liveExim(t *testing.T, w *mailWire) {
	w.run(t, `UNPACKED='%s'; start_exim %d`, unpackedExim(t, w.scratch), eximPort)
	m := w.watch(t)
	url := fmt.Sprintf("smtp://%s:%d/pc7.example", wireServerName, eximPort)
	w.succeed(t, "Subject: Holiday plan\r\n\r\nIn May.\r\n", w.curl(wireServer, eximPort, url, "--login-options", "AUTH=NTLM",
		"--mail-from", "otto@shop.example", "--mail-rcpt", "bob@bank.example", "-T", "-")...)
	w.fails(t, w.swaks(wireServer, eximPort)...)
	hold(t, "exim.txt", told(m.end(t, inAnyOrder), mirrorDevice))
}

// unpackedExim returns the folder in which Exim is unpacked: it cannot be
// installed beside Postfix. That is $UNPACKED, as samples/make.sh uses it, or
// else one within scratch, for which the package is fetched.
func unpackedExim(t *testing.T, scratch string) string {
	t.Helper()
	folder := os.Getenv("UNPACKED")
	if folder == "" {
		folder = filepath.Join(scratch, "unpacked")
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		fetch := exec.CommandContext(t.Context(), "sh", "-c",
			"apt-get -q -o APT::Sandbox::User=root download exim4-daemon-heavy && dpkg -x exim4-daemon-heavy_*.deb .")
		fetch.Dir = folder
		if out, err := fetch.CombinedOutput(); err != nil {
			t.Skipf("Exim can be neither found in $UNPACKED nor fetched: %v\n%s", err, out)
		}
	}
	out, err := exec.CommandContext(t.Context(), "ldd", filepath.Join(folder, "usr/sbin/exim4")).CombinedOutput()
	if err != nil || strings.Contains(string(out), "not found") {
		t.Skipf("Exim would not run; samples/make.sh installs all it needs: %v\n%s", err, out)
	}
	return folder
}

// fails is for a client that the server rightly refuses.
func (w *mailWire) fails(t *testing.T, command ...string) {
	t.Helper()
	if w.speak(t, "", command...) == 0 {
		t.Errorf("%s: it went well", strings.Join(command, " "))
	}
}

// The same log-ins over a wire whose packets hold no more than 536 octets give
// the same findings.
func liveSmallPackets(t *testing.T, w *mailWire) {
	w.run(t, `for ns in "$CLIENT_NS" "$SERVER_NS"; do ip -n "$ns" link set "$IFACE" mtu 576; done`)
	m := w.watch(t)
	w.logIns(t)
	hold(t, "sessions.txt", told(m.end(t, inAnyOrder), mirrorDevice))
}
