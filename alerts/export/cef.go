package export

import (
	"io"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of CEF, in bytes before escaping: those of ArcSight's dictionary of
// extensions.
const (
	maxCEFName   = 512  // of the header's name
	maxCEFText   = 1023 // msg, duser, fname, cat
	maxCEFCustom = 4000 // cs1 to cs6
)

// CEF writes findings in ArcSight's Common Event Format, version 0, one event
// a line.
type CEF struct {
	w       io.Writer
	version string
	rules   Rules
	line    []byte
}

// NewCEF returns a writer to w; version is mailtap's own. Each event is one
// Write.
func NewCEF(w io.Writer, version string, rules Rules) *CEF {
	return &CEF{w: w, version: version, rules: rules}
}

// cefSeverity: 0 to 3 is low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high.
var cefSeverity = [...]string{alerts.Info: "1", alerts.Low: "3", alerts.Medium: "5", alerts.High: "8", alerts.Critical: "10"}

// Finding writes an event.
func (c *CEF) Finding(f *alerts.Finding) error {
	_, err := c.w.Write(append(c.event(f), '\n'))
	return err
}

// event returns an event without an end of line. It is valid until the next.
func (c *CEF) event(f *alerts.Finding) []byte {
	c.line = append(c.line[:0], "CEF:0|mailtap|mailtap"...)
	for _, s := range [...]string{c.version, f.Rule, f.Title, cefSeverity[f.Severity]} {
		c.line = appendCEFHeader(append(c.line, '|'), cutText(s, maxCEFName))
	}
	c.line = append(c.line, '|')
	c.extension(f)
	return c.line[:len(c.line)-1] // without the space behind the last pair
}

func (c *CEF) extension(f *alerts.Finding) {
	c.pair("rt", strconv.FormatInt(f.Time/1e6, 10), maxCEFText)
	c.pair("externalId", f.ID.String(), maxCEFText)
	c.pair("cat", c.rules(f.Rule).Group, maxCEFText)
	c.pair("proto", "TCP", maxCEFText)
	c.pair("app", f.Protocol.String(), maxCEFText)
	c.endpoint(f.Client, "src", "spt", "c6a2", "Source IPv6 Address")
	c.endpoint(f.Server, "dst", "dpt", "c6a3", "Destination IPv6 Address")
	if f.HasAccount {
		c.pair("duser", f.Account, maxCEFText)
	}
	c.pair("msg", f.Why, maxCEFText)
	if at := packetOf(f); at != nil {
		c.pair("fname", at.File, maxCEFText)
		c.pair("cn1Label", "packet", maxCEFText)
		c.pair("cn1", strconv.FormatUint(at.Packet, 10), maxCEFText)
	}
	c.custom("cs1", "case", f.Case.String())
	c.custom("cs2", "session", f.Session.String())
	c.custom("cs3", "blame", f.Blame.String())
	c.custom("cs4", "community id", communityID(f.Client, f.Server))
	c.custom("cs5", "detail", details(f)...)
	c.custom("cs6", "evidence", spoken(f)...)
}

// endpoint writes an address and its port. In version 0, src and dst are IPv4.
func (c *CEF) endpoint(a netip.AddrPort, key, port, key6, label6 string) {
	if !a.IsValid() {
		return
	}
	if a.Addr().Unmap().Is4() {
		c.pair(key, address(a), maxCEFText)
	} else {
		c.pair(key6+"Label", label6, maxCEFText)
		c.pair(key6, address(a), maxCEFText)
	}
	c.pair(port, strconv.Itoa(int(a.Port())), maxCEFText)
}

// custom writes a custom field, its lines apart by the format's own \n; nothing
// where there is no text.
func (c *CEF) custom(key, label string, lines ...string) {
	var text []byte
	room := maxCEFCustom
	for _, line := range lines {
		line = cutText(line, max(room, 0))
		if line == "" {
			continue
		}
		if len(text) > 0 {
			text = append(text, `\n`...)
		}
		text = appendCEFValue(text, line)
		room -= len(line) + 1
	}
	if len(text) == 0 {
		return
	}
	c.pair(key+"Label", label, maxCEFText)
	c.line = append(append(c.line, key...), '=')
	c.line = append(append(c.line, text...), ' ')
}

// pair writes a key and its value; nothing where the value is empty.
func (c *CEF) pair(key, value string, most int) {
	if value == "" {
		return
	}
	c.line = append(append(c.line, key...), '=')
	c.line = append(appendCEFValue(c.line, cutText(value, most)), ' ')
}

// appendCEFHeader escapes what divides the header.
func appendCEFHeader(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == '\\' || s[i] == '|' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return b
}

// appendCEFValue escapes what divides the extension.
func appendCEFValue(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == '\\' || s[i] == '=' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return b
}

// cutText makes text harmless and cuts it to most bytes, between characters.
func cutText(s string, most int) string {
	s = Clean(s[:min(len(s), most+utf8.UTFMax)]) // nothing becomes shorter
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
