package export

import (
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
)

// Framing is how messages are told apart.
type Framing uint8

// The framings.
const (
	Lines    Framing = iota // a line feed ends a message: files, and RFC 6587, section 3.4.2
	Counted                 // its length stands before a message: TCP (RFC 6587, section 3.4.1) and TLS (RFC 5425, section 4.3)
	Datagram                // one message a datagram: UDP (RFC 5426, section 3.1)
)

// Bounds of a syslog message, in bytes.
const (
	maxSyslog      = 2048 // of a message without CEF: what receivers should take (RFC 5424, section 6.1)
	maxSyslogHost  = 255  // RFC 5424, section 6
	maxSyslogMsgID = 32   // RFC 5424, section 6
	maxSyslogParam = 128  // of a value in structured data, before escaping
)

// Syslog sends findings as syslog messages (RFC 5424) to a connection that the
// caller has made. What SIEMs search for is structured data, and the text is for
// people; or the text is an event in CEF.
type Syslog struct {
	w       io.Writer
	framing Framing
	host    string
	rules   Rules
	cef     *CEF // nil: structured data
	message []byte
	frame   []byte
}

// NewSyslog returns a sender to w, such as a net.Conn or a file; host is the
// name of the machine, "" where it is not known. Each message is one Write.
func NewSyslog(w io.Writer, framing Framing, host string, rules Rules) *Syslog {
	return &Syslog{w: w, framing: framing, host: printASCII(host, maxSyslogHost), rules: rules}
}

// NewSyslogCEF returns a sender of events in CEF, as its receivers take them;
// version is mailtap's own. An event is not cut, and may be longer than others.
func NewSyslogCEF(w io.Writer, framing Framing, host, version string, rules Rules) *Syslog {
	s := NewSyslog(w, framing, host, rules)
	s.cef = NewCEF(nil, version, rules)
	return s
}

// facility is "security/authorization messages" (RFC 5424, section 6.2.1) that
// usual configurations keep from other users: account names are in them.
const facility = 10

// syslogSeverity: RFC 5424, section 6.2.1.
var syslogSeverity = [...]int{alerts.Info: 6, alerts.Low: 5, alerts.Medium: 4, alerts.High: 3, alerts.Critical: 2}

// Finding sends a finding.
func (s *Syslog) Finding(f *alerts.Finding) error {
	b := append(s.message[:0], '<')
	b = strconv.AppendInt(b, int64(facility*8+syslogSeverity[f.Severity]), 10)
	b = append(b, ">1 "...)
	b = time.Unix(0, f.Time).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z") // at most six digits
	b = append(append(b, ' '), s.host...)
	b = append(b, " mailtap - "...)
	b = append(b, printASCII(f.Rule, maxSyslogMsgID)...)
	b = append(b, ' ')
	if s.cef != nil {
		s.message = append(append(b, "- "...), s.cef.event(f)...)
	} else {
		s.message = s.appendText(s.appendData(b, f), f)
	}
	return s.send()
}

// appendData appends structured data (RFC 5424, section 6.3). The enterprise
// number is the one for documentation (RFC 5612).
func (s *Syslog) appendData(b []byte, f *alerts.Finding) []byte {
	b = append(b, "[mailtap@32473"...)
	for _, p := range [...]struct{ name, value string }{
		{"rule", f.Rule}, {"severity", f.Severity.String()}, {"category", s.rules(f.Rule).Group},
		{"blame", f.Blame.String()}, {"protocol", f.Protocol.String()},
		{"client", endpoint(f.Client)}, {"server", endpoint(f.Server)}, {"account", f.Account},
		{"community_id", communityID(f.Client, f.Server)},
		{"finding", f.ID.String()}, {"case", f.Case.String()}, {"session", f.Session.String()},
	} {
		if p.value == "" && (p.name != "account" || !f.HasAccount) {
			continue
		}
		b = append(append(append(b, ' '), p.name...), `="`...)
		b = append(appendParam(b, cutText(p.value, maxSyslogParam)), '"')
	}
	return append(b, ']')
}

// appendParam escapes a value (RFC 5424, section 6.3.3).
func appendParam(b []byte, s string) []byte {
	for i := range len(s) {
		switch s[i] {
		case '"', '\\', ']':
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return b
}

// appendText appends the message's text, as much as there is room for.
func (s *Syslog) appendText(b []byte, f *alerts.Finding) []byte {
	const bom = "\xef\xbb\xbf"
	text := f.Title
	for _, more := range append([]string{f.Why}, spoken(f)...) {
		if more != "" {
			text += " | " + more
		}
	}
	text = cutText(text, maxSyslog-len(b)-1-len(bom))
	if text == "" {
		return b
	}
	b = append(b, ' ')
	// RFC 5424, section 6.4: UTF-8 begins with the mark. Plain ASCII is let
	// be, for many receivers show the mark.
	if utf8.RuneCountInString(text) != len(text) {
		b = append(b, bom...)
	}
	return append(b, text...)
}

func (s *Syslog) send() error {
	b := s.frame[:0]
	if s.framing == Counted {
		b = append(strconv.AppendInt(b, int64(len(s.message)), 10), ' ')
	}
	b = append(b, s.message...)
	if s.framing == Lines {
		b = append(b, '\n')
	}
	s.frame = b
	_, err := s.w.Write(b)
	return err
}

// printASCII makes a field of the header: no space and nothing that is not
// printable ASCII; "-" for none.
func printASCII(s string, most int) string {
	b := []byte(s[:min(len(s), most)])
	for i, c := range b {
		if c <= ' ' || c >= 0x7f {
			b[i] = '_'
		}
	}
	if len(b) == 0 {
		return "-"
	}
	return string(b)
}
