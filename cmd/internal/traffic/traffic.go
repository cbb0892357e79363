// Package traffic makes capture files to test and measure with: mail sessions
// in clear, alone or among other traffic, with the exact truth of every
// credential in them.
//
// The same Options always give the same bytes. A file is written as a stream:
// memory depends on the kind, never on the size. The traffic is made to be
// analysed, not to be indistinguishable from a real network: whoever sits at a
// client has one account, on one server of each protocol; endpoints are from
// 10.0.0.0/8 and 2001:db8::/32, names are under .example (RFC 2606), checksums
// are right, and packets come in bursts of a few segments a flow.
package traffic

import (
	"errors"
	"fmt"
	"io"
)

// The kinds of captures.
const (
	// Mail is SMTP, IMAP and POP3 with messages of 4 to 200 KB, about 200
	// flows at once.
	Mail = "mail"
	// Span is what a mirror port shows: 3 % of the bytes as Mail, the rest
	// HTTP, TLS, SSH, DNS, QUIC and ARP, up to 20,000 flows at once.
	Span = "span"
	// Logins is one short log-in a session, in equal parts over SMTP, IMAP
	// and POP3.
	Logins = "logins"
	// Dirty is Mail seen badly: packets lost, late, doubled and sent again,
	// also with overlapping ranges.
	Dirty = "dirty"
)

// Defaults, where Options names neither Bytes nor Sessions.
const (
	DefaultBytes    = 100_000_000
	DefaultSessions = 200_000 // of Logins
)

// DecoyAccount begins the accounts of log-in commands that are the text of a
// message. Nobody logged in with them.
const DecoyAccount = "decoy"

// Options say what to make.
type Options struct {
	Kind     string // Mail, Span, Logins or Dirty
	Seed     uint64
	Bytes    int64 // about the size of the file; sessions are never cut short
	Sessions int   // mail sessions; instead of Bytes
}

// Credential is one log-in attempt, as it crossed the network.
type Credential struct {
	Protocol  string `json:"protocol"`  // smtp, imap or pop3
	Client    string `json:"client"`    // address:port
	Server    string `json:"server"`    // address:port
	Mechanism string `json:"mechanism"` // USER, LOGIN-CMD, PLAIN or LOGIN
	Account   string `json:"account"`
	Secret    string `json:"secret"`
	Accepted  bool   `json:"accepted"`
	// Complete tells that the capture holds every byte of the exchange, from
	// the command to the server's last answer. It is false only in Dirty.
	Complete bool `json:"complete"`
}

// Summary counts what was written.
type Summary struct {
	Packets     uint64
	Bytes       int64 // of the file
	Sessions    int   // mail sessions
	Credentials int
}

// Check tells what is wrong with the options.
func (o Options) Check() error {
	switch {
	case profileOf(o.Kind) == nil:
		return fmt.Errorf("kind %q: not one of mail, span, logins, dirty", o.Kind)
	case o.Bytes < 0 || o.Sessions < 0:
		return errors.New("negative size")
	case o.Bytes > 0 && o.Sessions > 0:
		return errors.New("bytes and sessions: only one can be asked for")
	}
	return nil
}

// Write writes a capture in pcap format to w. Each credential is given to found,
// unless that is nil, when its session ends.
func Write(w io.Writer, o Options, found func(Credential)) (Summary, error) {
	if err := o.Check(); err != nil {
		return Summary{}, err
	}
	switch {
	case o.Bytes > 0 || o.Sessions > 0:
	case o.Kind == Logins:
		o.Sessions = DefaultSessions
	default:
		o.Bytes = DefaultBytes
	}
	return newGenerator(w, profileOf(o.Kind), o, found).run()
}
