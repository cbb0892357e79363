package store

import (
	"cmp"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// member returns the party that a text of the listing names.
func (c *census) member(l *listing, text int) *member {
	if n := c.parties[text]; n > 0 {
		return c.members[n-1]
	}
	n, there := c.known[string(l.text(text))]
	if !there {
		if len(c.members) == MaxParties {
			c.forget()
		}
		n = int32(len(c.members))
		m := new(member)
		m.Name = string(l.text(text))
		c.members = append(c.members, m)
		c.known[m.Name] = n
	}
	c.parties[text] = n + 1
	return c.members[n]
}

// forget drops the less bad half: nobody who floods a network with names hides
// what is worse than they are.
func (c *census) forget() {
	slices.SortFunc(c.members, compareMembers)
	half := len(c.members) / 2
	for _, m := range c.members[half:] {
		delete(c.known, m.Name)
		c.given -= len(m.servers.numbers) + len(m.clients.numbers) + len(m.accounts.numbers)
		c.forgotten++
	}
	clear(c.members[half:])
	c.members = c.members[:half]
	for n, m := range c.members {
		c.known[m.Name] = int32(n)
	}
	clear(c.parties)
}

// compareMembers puts the worst first.
func compareMembers(a, b *member) int {
	if c := cmp.Compare(b.severity(), a.severity()); c != 0 {
		return c
	}
	for v := alerts.Exposed; v > alerts.Protected; v-- {
		if c := cmp.Compare(b.Sessions[v], a.Sessions[v]); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.Name, b.Name))
}

// severity counts from 1; 0 is none.
func (m *member) severity() int {
	worst, any := m.Worst()
	if !any {
		return 0
	}
	return int(worst) + 1
}
