package evidence

import "fmt"

// maxRemarks is how many lines of a kind tell what is missing.
const maxRemarks = 20

// found returns of how many sessions there are packets.
func (x *selection) found() (n int) {
	for _, c := range x.sessions {
		if c.packets > 0 {
			n++
		}
	}
	return n
}

// remarks tell what was not found, or not written.
func (x *selection) remarks() []string {
	list := append(x.absent(), x.partial()...)
	left, sessions := uint64(0), 0
	for _, c := range x.sessions {
		if c.left > 0 {
			left, sessions = left+c.left, sessions+1
		}
	}
	if left > 0 {
		list = append(list, fmt.Sprintf("packets left out: %d, in sessions: %d: fragments are missing, so it cannot be told what in them is secret", left, sessions))
	}
	return list
}

// absent tells of sessions without a packet, in one line for each capture that
// should have them.
func (x *selection) absent() (list []string) {
	var names []string
	first, count := map[string]*chosen{}, map[string]int{}
	for _, c := range x.sessions {
		if c.packets > 0 {
			continue
		}
		name := x.place(c)
		if first[name] == nil {
			first[name] = c
			names = append(names, name)
		}
		count[name]++
	}
	for i, name := range names {
		if i == maxRemarks {
			return append(list, fmt.Sprintf("and of %d more captures", len(names)-i))
		}
		list = append(list, fmt.Sprintf("%s: no packet of %s in %s: %s", first[name].Session.ID, andMore(count[name]-1), name, x.hint()))
	}
	return list
}

func andMore(n int) string {
	switch n {
	case 0:
		return "it"
	case 1:
		return "it and of 1 more session"
	}
	return fmt.Sprintf("it and of %d more sessions", n)
}

// place names where a session should be.
func (x *selection) place(c *chosen) string {
	switch files := c.Session.Facts.Files; {
	case x.named:
		return "what --captures names"
	case len(files) > 0:
		return fmt.Sprintf("%q", files[0])
	}
	return "its captures"
}

func (x *selection) hint() string {
	if x.named {
		return "--evidence keeps sessions that have a finding of their own, until its room is needed"
	}
	return "if the capture has moved, or was of a device with --evidence, name file or folder with --captures; if it was written anew, it is gone"
}

// partial tells of sessions of which packets are missing.
func (x *selection) partial() (list []string) {
	more := 0
	for _, c := range x.sessions {
		switch {
		case c.packets == 0 || c.packets >= c.Session.Facts.Packets:
		case len(list) < maxRemarks:
			list = append(list, fmt.Sprintf("%s: only %d of its %d packets are in %s", c.Session.ID, c.packets, c.Session.Facts.Packets, x.place(c)))
		default:
			more++
		}
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("and %d more sessions are not whole", more))
	}
	return list
}
