//go:build linux

package main

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts/rules"
)

// The addresses 198.51.100.N at which there is a man in the middle.
const firstRelay, lastRelay = 101, 140

func relayAddress(i int) string { return fmt.Sprintf("198.51.100.%d", firstRelay+i) }

// actors are those who play a scene.
type actors struct {
	t     *testing.T
	wire  *mailWire
	relay *relay
	at    netip.AddrPort
	cert  *tls.Config

	retried bool // one of them tried again, as often as it took
}

func (a *actors) does(next tampering) { a.relay.does(next) }

func (a *actors) swaks(args ...string) {
	a.t.Helper()
	a.wire.succeed(a.t, "", a.swaksLine(args...)...)
}

func (a *actors) swaksLine(args ...string) []string {
	line := a.wire.swaks(a.at.Addr().String(), int(a.at.Port()), "--tls-sni", wireServerName)
	if a.at.Port() != 25 {
		line = append(line, login("PLAIN")...)
	}
	return append(line, args...)
}

func (a *actors) curl(scheme string, args ...string) {
	a.t.Helper()
	a.wire.succeed(a.t, "", a.curlLine(scheme, args...)...)
}

func (a *actors) curlLine(scheme string, args ...string) []string {
	path := map[string]string{"imap": "/INBOX;MAILINDEX=1", "pop3": "/1", "smtp": "/pc7.example"}[scheme]
	args = append([]string{"--login-options", "AUTH=PLAIN"}, args...)
	return a.wire.curl(a.at.Addr().String(), int(a.at.Port()), fmt.Sprintf("%s://%s:%d%s", scheme, wireServerName, a.at.Port(), path), args...)
}

// fails is for a client that rightly does not get what it wants.
func (a *actors) fails(line []string) {
	a.t.Helper()
	if a.wire.speak(a.t, "", line...) == 0 {
		a.t.Errorf("%s: it went well", strings.Join(line, " "))
	}
}

// delivers lets a Postfix of the client's hand over a message. It does without
// TLS when the message has waited for a while.
func (a *actors) delivers() {
	a.t.Helper()
	a.retried = true
	a.wire.run(a.t, `start_postfix "$CLIENT_NS" 'relayhost = [%s]' 'virtual_mailbox_domains =' 'myhostname = mx.bank.example' `+
		`'smtp_tls_security_level = may' 'minimal_backoff_time = 1s' 'maximal_backoff_time = 1s' 'queue_run_delay = 1s'`, a.at.Addr())
	a.wire.run(a.t, `message cfo@bank.example board@shop.example 'Dividend' | send_with_postfix "$CLIENT_NS" cfo@bank.example board@shop.example`)
	a.wire.run(a.t, `until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"; postfix_stops "$CLIENT_NS"`)
}

// forgery is the certificate of this man in the middle.
func (a *actors) forgery() *tls.Config {
	if a.cert == nil {
		a.cert = forgery(a.t)
	}
	return a.cert
}

// liveTampering plays the scenes and holds what was found against
// testdata/live/tampering.txt, scene by scene: the rules that must be raised,
// and none beside them.
func liveTampering(t *testing.T, w *mailWire) {
	m := w.watch(t)
	retried := make([]bool, len(scenes))
	for i, s := range scenes {
		a := &actors{t: t, wire: w, at: netip.MustParseAddrPort(fmt.Sprintf("%s:%d", relayAddress(i), s.port))}
		a.relay = newRelay(t, w, a.at, cmp.Or(s.to, s.port), s.across)
		s.play(a)
		retried[i] = a.retried
	}
	list := m.end(t, besideResets)
	var lines []string
	for i, s := range scenes {
		var own []object
		for _, o := range list {
			if strings.HasPrefix(o.Server, relayAddress(i)+":") || s.across != "" && strings.HasPrefix(o.Client, s.across+":") {
				own = append(own, o)
			}
		}
		if s.across != "" { // either side may end first
			slices.SortStableFunc(own, func(a, b object) int { return strings.Compare(addressOf(a.Client), addressOf(b.Client)) })
		}
		said := told(own, s.name)
		if retried[i] {
			said = withoutRepeats(said)
		}
		lines = append(lines, said...)
		if got := downgrades(own); got != s.alarms {
			t.Errorf("%s: downgrade alarms %q, want %q", s.name, got, s.alarms)
		}
	}
	hold(t, "tampering.txt", lines)
}

// withoutRepeats leaves out sessions of which the same is told as of the one
// before.
func withoutRepeats(lines []string) (once []string) {
	const begins = "session "
	var last []string
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && !strings.HasPrefix(lines[n], begins) {
			n++
		}
		if !slices.Equal(lines[:n], last) {
			once = append(once, lines[:n]...)
		}
		last, lines = lines[:n], lines[n:]
	}
	return once
}

// downgrades returns the rules of that group that were raised.
func downgrades(list []object) string {
	var raised []string
	for _, o := range list {
		id, _, _ := strings.Cut(o.Rule, " ")
		if r := rules.Find(id); r != nil && r.Group == rules.Downgrade {
			raised = append(raised, id)
		}
	}
	slices.Sort(raised)
	return strings.Join(slices.Compact(raised), " ")
}

func addressOf(endpoint string) string { return endpoint[:strings.LastIndexByte(endpoint, ':')] }

// liveServerChanged tells a server whose owner switches TLS off from a man in
// the middle: the first client to be refused the offer cannot know, those that
// follow can, and one that comes for the first time has lost nothing. Then the
// server becomes an open relay.
func liveServerChanged(t *testing.T, w *mailWire) {
	m := w.watch(t)
	visit := func(client, tls string) {
		t.Helper()
		w.succeed(t, "", w.swaks(wireServer, 587, append(login("PLAIN"), tls, "--tls-sni", wireServerName, "--local-interface", client)...)...)
	}
	first, second, stranger := "198.51.100.17", "198.51.100.18", "198.51.100.19"
	for range 3 {
		visit(first, "--tls")
		visit(second, "--tls")
	}
	w.run(t, `postfix_changes "$SERVER_NS" 'smtpd_tls_security_level = none'`)
	for _, client := range []string{first, second, stranger} {
		visit(client, "--tls-optional")
	}
	w.run(t, `postfix_changes "$SERVER_NS" 'smtpd_tls_security_level = may' 'mynetworks = 198.51.100.0/24' 'smtpd_recipient_restrictions = permit_mynetworks, reject' 'default_transport = discard:'`)
	visit(first, "--tls")
	for _, recipient := range []string{"bob@shop.example", "eve%elsewhere.example@shop.example"} { // it now passes on for everybody
		w.succeed(t, "", w.swaks(wireServer, 25, "--from", "cfo@bank.example", "--to", recipient)...)
	}
	hold(t, "server-changed.txt", told(m.end(t, inAnyOrder), mirrorDevice))
}

// liveMailboxesChanged is the same with a server of IMAP and POP3.
func liveMailboxesChanged(t *testing.T, w *mailWire) {
	m := w.watch(t)
	visit := func(client, scheme string, port int) {
		t.Helper()
		path := map[string]string{"imap": "/INBOX;MAILINDEX=1", "pop3": "/1"}[scheme]
		url := fmt.Sprintf("%s://%s:%d%s", scheme, wireServerName, port, path)
		w.succeed(t, "", w.curl(wireServer, port, url, "--login-options", "AUTH=PLAIN", "--ssl", "--interface", client)...)
	}
	first, second, stranger := "198.51.100.17", "198.51.100.18", "198.51.100.19"
	both := func(client string) {
		t.Helper()
		visit(client, "imap", 143)
		visit(client, "pop3", 110)
	}
	for range 3 {
		both(first)
		both(second)
	}
	w.run(t, `dovecot_changes no`)
	for _, client := range []string{first, second, stranger} {
		both(client)
	}
	w.run(t, `dovecot_changes yes`)
	both(first)
	hold(t, "mailboxes-changed.txt", told(m.end(t, inAnyOrder), mirrorDevice))
}
