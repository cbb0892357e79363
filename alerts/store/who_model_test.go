package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// crowd makes sessions of a few parties who meet in all ways: several accounts in
// one session, findings that name another client, log-ins in TLS that may be
// anybody's.
func crowd(n int) []alerts.Result {
	random := rand.New(rand.NewPCG(1, 2))
	clientOf := func() string { return fmt.Sprintf("10.1.0.%d", random.IntN(40)) }
	rules := []string{"cleartext-password", "crackable-auth", "starttls-not-offered"}
	var list []alerts.Result
	for i := range n {
		server := fmt.Sprintf("10.0.0.%d:%d", random.IntN(3), []int{110, 143, 993}[random.IntN(3)])
		r := visit(i, clientOf(), server, alerts.Verdict(random.IntN(5)))
		r.Session.Facts.Protocol = []dissect.Protocol{dissect.IMAP, dissect.POP3}[random.IntN(2)]
		for k := range random.IntN(4) {
			account := ""
			switch {
			case k < 2 && random.IntN(80) == 0:
				account = "visitor"
			case k < 2:
				account = "user of " + r.Session.Facts.Client.Addr().String()
			}
			find(&r, rules[k], alerts.Severity(random.IntN(5)), []alerts.Blame{alerts.BlameAccount, alerts.BlameClient, alerts.BlameServer}[k],
				account, "title", "why", alerts.Evidence{Session: r.Session.ID, Time: r.Session.Facts.Start})
			if f := &r.Findings[k]; random.IntN(5) == 0 {
				f.Client = netip.MustParseAddrPort(clientOf() + ":7")
				f.Case = alerts.NewCaseID(f.Rule, f.Blame, f.Client, f.Server, f.Account)
			}
		}
		list = append(list, r)
	}
	return list
}

// model counts parties in the plainest way.
type model struct {
	kind     string
	filter   store.Filter
	statuses map[alerts.CaseID]alerts.Status
	parties  map[string]*alerts.Party
	cases    map[string]map[alerts.CaseID]bool // open, by account
	users    map[string][]string               // accounts by client and host
}

func (m *model) fits(r *alerts.Result) bool {
	f, w := r.Session.Facts, m.filter
	return (w.Server == "" || strings.Contains(f.Server.String(), w.Server)) &&
		(w.Client == "" || strings.Contains(f.Client.Addr().String(), w.Client)) &&
		(w.Protocol == dissect.NoProtocol || f.Protocol == w.Protocol) && f.Start >= w.Since && (w.Until == 0 || f.Start < w.Until)
}

func (m *model) finds(f *alerts.Finding) bool {
	w := m.filter
	return f.Severity >= w.MinSeverity && (w.Rule == "" || f.Rule == w.Rule) &&
		(w.Account == "" || f.HasAccount && strings.Contains(f.Account, w.Account)) &&
		(w.Client == "" || strings.Contains(f.Client.Addr().String(), w.Client)) &&
		(len(w.Statuses) == 0 || slices.Contains(w.Statuses, m.statuses[f.Case]))
}

func insert(names *alerts.Names, name string) {
	if at, there := slices.BinarySearch(names.List, name); !there {
		names.List = slices.Insert(names.List, at, name)
	}
}

// meet counts a session of a party, once.
func (m *model) meet(name string, r *alerts.Result, met map[string]bool) *alerts.Party {
	p, f := m.parties[name], r.Session.Facts
	if p == nil {
		p = &alerts.Party{Name: name, First: f.Start, Last: f.Start}
		m.parties[name] = p
	}
	if met[name] {
		return p
	}
	met[name] = true
	p.Sessions[r.Session.Verdict]++
	p.First, p.Last = min(p.First, f.Start), max(p.Last, f.Start)
	if m.kind != "servers" {
		insert(&p.Servers, f.Server.String())
	}
	if m.kind != "clients" {
		insert(&p.Clients, f.Client.Addr().String())
	}
	return p
}

func (m *model) add(r *alerts.Result) {
	w, f := m.filter, r.Session.Facts
	picky := w.MinSeverity > alerts.Info || w.Rule != "" || w.Account != "" || len(w.Statuses) > 0
	fitting := slices.DeleteFunc(slices.Clone(r.Findings), func(f alerts.Finding) bool { return !m.finds(&f) })
	if !m.fits(r) || len(w.Verdicts) > 0 && !slices.Contains(w.Verdicts, r.Session.Verdict) || picky && len(fitting) == 0 {
		return
	}
	met, exposed := map[string]bool{}, map[string]bool{}
	of := func(found *alerts.Finding) (string, bool) { return found.Account, found.HasAccount }
	switch m.kind {
	case "clients":
		of = func(*alerts.Finding) (string, bool) { return f.Client.Addr().String(), true }
		m.meet(f.Client.Addr().String(), r, met)
	case "servers":
		of = func(*alerts.Finding) (string, bool) { return f.Server.String(), true }
		m.meet(f.Server.String(), r, met)
	}
	for i := range fitting {
		found := &fitting[i]
		name, ok := of(found)
		if !ok {
			continue
		}
		p := m.meet(name, r, met)
		p.Findings[found.Severity]++
		if m.kind != "accounts" {
			if found.HasAccount && (m.kind == "clients" || r.Session.Verdict == alerts.Exposed) {
				insert(&p.Accounts, found.Account)
			}
			continue
		}
		if found.Severity == alerts.Critical && !exposed[name] {
			exposed[name] = true
			p.ExposedLogins++
		}
		if s := m.statuses[found.Case]; (s == alerts.New || s == alerts.Acknowledged) && !m.cases[name][found.Case] {
			if m.cases[name] == nil {
				m.cases[name] = map[alerts.CaseID]bool{}
			}
			m.cases[name][found.Case] = true
			p.OpenCases++
		}
		if at := hosts(f); !slices.Contains(m.users[at], name) {
			m.users[at] = append(m.users[at], name)
		}
	}
}

func hosts(f *dissect.Facts) string { return fmt.Sprint(f.Client.Addr(), " ", f.Server.Addr()) }

// end adds what is known when all sessions are: log-ins in TLS, and the cases
// that the key of clients and servers names.
func (m *model) end(all []alerts.Result, cases []alerts.Case) []alerts.Party {
	var list []alerts.Party
	for at, users := range m.users {
		if len(users) > 1 {
			continue
		}
		p := m.parties[users[0]]
		p.KnowsProtected = true
		for i := range all {
			if r := &all[i]; hosts(r.Session.Facts) == at && r.Session.Verdict == alerts.Protected && m.fits(r) {
				p.ProtectedLogins++
			}
		}
	}
	for _, c := range cases {
		name := map[string]string{"clients": c.Client, "servers": c.Server}[m.kind]
		if p := m.parties[name]; p != nil && (c.Status == alerts.New || c.Status == alerts.Acknowledged) {
			p.OpenCases++
		}
	}
	for _, p := range m.parties {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b alerts.Party) int {
		rank := func(p *alerts.Party) int {
			if worst, any := p.Worst(); any {
				return int(worst)
			}
			return -1
		}
		return cmp.Or(cmp.Compare(rank(&b), rank(&a)), cmp.Compare(b.Sessions[alerts.Exposed], a.Sessions[alerts.Exposed]),
			cmp.Compare(b.Sessions[alerts.Weak], a.Sessions[alerts.Weak]), cmp.Compare(b.Sessions[alerts.Clear], a.Sessions[alerts.Clear]),
			cmp.Compare(b.Last, a.Last), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// TestPartiesAsModel: lists of parties are what the plainest way of counting
// gives, whatever is asked of them.
func TestPartiesAsModel(t *testing.T) {
	const n = 3000
	all := crowd(n)
	path := filled(t, all...)
	r, w := reader(t, path), triage(t, path)
	setAll(t, path, w, store.Filter{MinSeverity: alerts.Critical, Limit: 70}, decide(alerts.Resolved, at(n)))
	setAll(t, path, w, store.Filter{Rule: "crackable-auth", Server: ":993"}, decide(alerts.Acknowledged, at(n)))
	var cases []alerts.Case
	statuses := map[alerts.CaseID]alerts.Status{}
	for c, err := range r.AllCases(store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
		statuses[c.ID] = c.Status
	}
	for kind, list := range map[string]func(store.Filter, int) (store.Parties, error){"accounts": r.Accounts, "clients": r.Clients, "servers": r.Servers} {
		for name, filter := range map[string]store.Filter{
			"all":      {},
			"severity": {MinSeverity: alerts.High},
			"rule":     {Rule: "crackable-auth"},
			"account":  {Account: "10.1.0.1"},
			"server":   {Server: "10.0.0.1"},
			"client":   {Client: "10.1.0.1"},
			"protocol": {Protocol: dissect.POP3},
			"verdict":  {Verdicts: []alerts.Verdict{alerts.Exposed, alerts.Protected}},
			"time":     {Since: at(n / 4), Until: at(n / 2)},
			"status":   {Statuses: []alerts.Status{alerts.Resolved}},
			"mixed":    {MinSeverity: alerts.Medium, Server: ":143", Since: at(n / 3)},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				m := model{kind: kind, filter: filter, statuses: statuses, parties: map[string]*alerts.Party{},
					cases: map[string]map[alerts.CaseID]bool{}, users: map[string][]string{}}
				for i := range all {
					m.add(&all[i])
				}
				want := m.end(all, cases)
				got, err := list(filter, 0)
				if err != nil || len(want) == 0 {
					t.Fatalf("error %v, %d wanted", err, len(want))
				}
				if kind == "accounts" && !slices.ContainsFunc(want, func(p alerts.Party) bool { return p.ProtectedLogins > 0 }) {
					t.Error("no log-in in TLS is anybody's")
				}
				learned := cmpopts.IgnoreFields(alerts.Party{}, "Mechanisms", "Names", "UsedTLS", "Ignored", "Offers", "Software")
				if diff := gocmp.Diff(want, got.List, learned); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}
