package store

import (
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// nameTable numbers the names that parties were seen with: all share one copy,
// and numbers are compared faster.
type nameTable struct {
	list    []string
	numbers map[string]int32
}

// number returns the number of a name; ok is false if there is no room for it.
func (t *nameTable) number(name []byte) (n int32, ok bool) {
	if n, ok = t.numbers[string(name)]; ok {
		return n, true
	}
	if len(t.list) == maxAllNames {
		return 0, false
	}
	n = int32(len(t.list))
	one := string(name)
	t.list = append(t.list, one)
	t.numbers[one] = n
	return n, true
}

// nameList is some names that a party was seen with, each once.
type nameList struct {
	numbers []int32 // in the nameTable
	last    string  // which mostly comes again
	more    bool    // than there is room for
}

// add adds a text of the listing to the names of a party.
func (c *census) add(n *nameList, l *listing, text int) {
	full := len(n.numbers) == maxPartyNames
	switch {
	case full && n.more, len(n.numbers) > 0 && n.last == string(l.text(text)):
		return
	}
	number, ok := c.number(l, text)
	switch {
	case ok && slices.Contains(n.numbers, number):
	case !ok || full || c.given == maxAllNames:
		n.more = true
		return
	default:
		n.numbers = append(n.numbers, number)
		c.given++
	}
	n.last = c.names.list[number]
}

// number returns the number of a text of the listing in the table of names.
func (c *census) number(l *listing, text int) (number int32, ok bool) {
	if n := c.numbers[text]; n > 0 {
		return n - 1, true
	}
	if number, ok = c.names.number(l.text(text)); ok {
		c.numbers[text] = number + 1
	}
	return number, ok
}

// hostNumber does the same for a server without its port.
func (c *census) hostNumber(l *listing, text int) (number int32, ok bool) {
	if n := c.hosts[text]; n > 0 {
		return n - 1, true
	}
	if number, ok = c.names.number(host(l.text(text))); ok {
		c.hosts[text] = number + 1
	}
	return number, ok
}

// of returns the names themselves, in order.
func (t *nameTable) of(n *nameList) alerts.Names {
	var list []string
	for _, number := range n.numbers {
		list = append(list, t.list[number])
	}
	slices.Sort(list)
	return alerts.Names{List: list, More: n.more}
}
