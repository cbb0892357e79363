package render

import (
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// The columns of sessions.
const (
	started kind = iota
	verdict
	sessionProtocol
	sessionServer
	sessionClient
	transport
	loginName
	banner
	limits
)

var sessionColumns = plan{
	columns: []Column{
		{kind: verdict, head: "VERDICT", Width: 9},
		{kind: started, head: "START", Width: 10},
		{kind: sessionProtocol, head: "PROTOCOL", Width: 8},
		{kind: transport, head: "CARRIED", Width: 8},
		{kind: sessionServer, head: "SERVER", Width: 19},
		{kind: sessionClient, head: "CLIENT", Width: wholeClient},
		{kind: loginName, head: "ACCOUNT"},
		{kind: limits, head: "NOT SEEN WHOLE"},
		{kind: banner, head: "BANNER"},
	},
	grow: []step{
		{sessionServer, 2}, {loginName, 16}, {started, 9}, {sessionProtocol, 3}, {limits, 20}, {banner, 20},
		{sessionServer, 20}, {sessionClient, 20}, {loginName, 20}, {banner, 1000},
	},
	shrink: []step{{sessionClient, 15}, {transport, 0}, {sessionProtocol, 0}, {sessionClient, 8}, {sessionServer, 9}},
}

// wholeClient is the room that a client needs to be told with its port, which
// alone tells some sessions of a second apart.
const wholeClient = len("255.255.255.255:65535")

// SessionColumns returns the columns that a screen has room for.
func SessionColumns(screen int) []Column { return sessionColumns.fit(screen) }

// Session returns what the column shows of a session.
func (c Column) Session(s *alerts.Session, now time.Time) Span {
	f := s.Facts
	switch c.kind {
	case verdict:
		return Span{s.Verdict.String(), verdictStyles[s.Verdict]}
	case started:
		return c.text(c.time(f.Start, now))
	case sessionProtocol:
		return c.text(f.Protocol.String())
	case transport:
		return c.text(f.Transport.String())
	case sessionServer:
		return c.text(f.Server.String())
	case sessionClient:
		if c.Width >= wholeClient {
			return c.text(f.Client.String())
		}
		return c.text(f.Client.Addr().String())
	case loginName:
		return c.text(accounts(f))
	case limits:
		return c.text(strings.Join(limitsOf(f), " "))
	}
	return Span{start(clean(f.Banner), c.Width), Plain}
}

// accounts names the first account that logged in, or tried to.
func accounts(f *dissect.Facts) string {
	for i, a := range f.Auth {
		switch {
		case a.HasAccount && i < len(f.Auth)-1:
			return name(a.Account) + " ..."
		case a.HasAccount:
			return name(a.Account)
		}
	}
	return "-"
}

// limitsOf names what keeps a session from being known whole.
func limitsOf(f *dissect.Facts) []string {
	const limit = dissect.Midstream | dissect.OneSided | dissect.Gap | dissect.Evicted | dissect.Truncated
	return (f.Flags & limit).Names()
}
