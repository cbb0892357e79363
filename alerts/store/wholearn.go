package store

import (
	"database/sql"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// lesson is a session of which a party's record is read.
type lesson struct {
	spot
	of *member
}

// learn reads the newest sessions of parties for what contents do not say. In
// the order of their places each block is unpacked once; what is newer then
// takes the place of what is older.
func (c *census) learn(tx *sql.Tx, list []*member) error {
	var lessons []lesson
	for _, m := range list {
		for _, s := range m.read() {
			lessons = append(lessons, lesson{s, m})
		}
	}
	slices.SortFunc(lessons, func(a, b lesson) int { return int(a.body - b.body) })
	learned := make(map[*member]*pupil, len(list))
	bodies := bodyReader{tx: tx}
	for i := range lessons {
		one := &lessons[i]
		s, _, _, err := bodies.read(one.body)
		if err != nil {
			return err
		}
		if learned[one.of] == nil {
			learned[one.of] = &pupil{member: one.of}
		}
		learned[one.of].session(c.kind, s.Facts)
	}
	for _, p := range learned {
		p.end(c.kind)
	}
	return nil
}

// read lists the sessions to read, each once.
func (m *member) read() []spot {
	list := slices.Concat(m.newest[:], m.readable[:])
	slices.SortFunc(list, func(a, b spot) int { return int(a.body - b.body) })
	return slices.DeleteFunc(slices.Compact(list), func(s spot) bool { return s == spot{} })
}

// pupil is a member while its sessions are read.
type pupil struct {
	*member
	offersAt, softwareAt int64 // begin of the session that told
	inTLS, readable      bool
}

func (p *pupil) session(kind partyKind, f *dissect.Facts) {
	switch kind {
	case anAccount:
		for _, a := range f.Auth {
			if a.HasAccount && a.Account == p.Name {
				p.Mechanisms = learnOnce(p.Mechanisms, a.Mechanism)
			}
		}
	case aClient:
		p.client(f)
	case aServer:
		p.server(f)
	}
}

func (p *pupil) client(f *dissect.Facts) {
	p.Names = learnOnce(p.Names, f.Hello)
	if f.Signs != nil {
		p.Names = learnOnce(p.Names, program(f.Signs.ClientID))
	}
	p.inTLS = p.inTLS || f.TLS != nil && f.TLS.Established
	if f.Transport != dissect.Plain {
		return
	}
	p.readable = true
	used := len(f.Auth) > 0 || f.MailCommand != nil || len(f.Messages) > 0
	p.Ignored = p.Ignored || used && f.STARTTLS.Offered == dissect.Yes && !f.STARTTLS.Requested
}

func (p *pupil) server(f *dissect.Facts) {
	if f.STARTTLS.Offered != dissect.Unknown && f.Start >= p.offersAt {
		p.Offers, p.offersAt = f.STARTTLS.Offered, f.Start
	}
	software := f.Banner
	if f.Signs != nil && program(f.Signs.ServerID) != "" {
		software = program(f.Signs.ServerID)
	}
	if software != "" && f.Start >= p.softwareAt {
		p.Software, p.softwareAt = software, f.Start
	}
}

func (p *pupil) end(kind partyKind) {
	if kind != aClient {
		return
	}
	switch {
	case p.inTLS || p.Sessions[alerts.Protected] > 0:
		p.UsedTLS = dissect.Yes
	case p.readable:
		p.UsedTLS = dissect.No
	}
}

// program names a program by its ID (RFC 2971, section 3.3).
func program(id []dissect.Pair) string {
	var name, version string
	for _, p := range id {
		switch strings.ToLower(p.Key) {
		case "name":
			name = p.Value
		case "version":
			version = p.Value
		}
	}
	return strings.TrimSpace(name + " " + version)
}

// learnOnce adds a text, once.
func learnOnce(list []string, text string) []string {
	at, there := slices.BinarySearch(list, text)
	if text == "" || there || len(list) == maxLearned {
		return list
	}
	return slices.Insert(list, at, text)
}
