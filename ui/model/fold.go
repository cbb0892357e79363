package model

import (
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
)

// together is how far apart cases of one cause may have been seen.
const together = time.Hour

// cause is what several cases may have in common. A log-in without TLS is
// often a case of the password, one of the message and one of what the server
// offers; a server with an old TLS library gives one of each weakness.
type cause struct {
	server, client, account string
	tls                     bool
}

// causeOf returns what a case comes of, false where it stands for itself.
func causeOf(c *alerts.Case) (cause, bool) {
	switch r := rules.Find(c.Rule); {
	case r == nil:
		return cause{}, false
	case r.Group == rules.TLS && c.Client == "":
		return cause{server: c.Server, tls: true}, true
	case r.Group == rules.Credential, r.Group == rules.Encryption, r.Group == rules.Downgrade:
		return cause{server: c.Server, client: c.Client, account: c.Account}, true
	}
	return cause{}, false
}

// group is cases of one cause: the numbers of the first, which stands for all,
// and of the others.
type group []int

// fold groups cases, each group and all groups in the order of the cases.
func fold(cases []alerts.Case) []group {
	servers := faulty(cases)
	downgraded := make(map[cause]bool)
	for i := range cases {
		if c, ok := causeOf(&cases[i]); ok && rules.Find(cases[i].Rule).Group == rules.Downgrade {
			downgraded[c] = true
		}
	}
	var groups []group
	places := make(map[cause]int)
	for i := range cases {
		c, ok := causeOf(&cases[i])
		if !ok {
			groups = append(groups, group{i})
			continue
		}
		if fault := servers[c.server]; !c.tls && !downgraded[c] && fault != nil && near(fault, &cases[i]) {
			c.client, c.account = "", "" // the server left its clients no choice
		}
		place, known := places[c]
		if !known || !near(&cases[groups[place][0]], &cases[i]) {
			places[c] = len(groups)
			groups = append(groups, group{i})
			continue
		}
		groups[place] = append(groups[place], i)
	}
	return groups
}

// faulty returns the servers that did not let clients encrypt, with the case
// that says so.
func faulty(cases []alerts.Case) map[string]*alerts.Case {
	servers := make(map[string]*alerts.Case)
	for i := range cases {
		c := &cases[i]
		if r := rules.Find(c.Rule); r != nil && r.Group == rules.Encryption && r.Blame == alerts.BlameServer && servers[c.Server] == nil {
			servers[c.Server] = c
		}
	}
	return servers
}

// near tells whether two cases were seen at about the same time.
func near(a, b *alerts.Case) bool {
	return a.First <= b.Last+int64(together) && b.First <= a.Last+int64(together)
}
