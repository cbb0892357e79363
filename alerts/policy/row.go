package policy

import (
	"slices"
	"strings"
)

// topKey reads a key before the first row.
func (r *reader) topKey(v value) bool {
	p := r.policy
	switch v.key {
	case "local-domains":
		p.LocalDomains = v.names()
	case "trusted-networks":
		p.TrustedNetworks = v.networks()
	case "tls-ports":
		p.TLSPorts = v.ports()
	default:
		return false
	}
	return true
}

func (r *reader) hostKey(v value) bool {
	h := &r.policy.Hosts[len(r.policy.Hosts)-1]
	switch v.key {
	case "require":
		h.Require = Require(v.oneOf(requireNames[:]))
	case "tls-minimum":
		h.TLSMinimum = v.version()
	case "mechanisms":
		h.Mechanisms = v.mechanisms()
	case "severity":
		h.Severity = v.severity()
	default:
		return v.match(&h.Match)
	}
	return true
}

func (r *reader) exceptionKey(v value) bool {
	e := &r.policy.Exceptions[len(r.policy.Exceptions)-1]
	switch v.key {
	case "rule":
		e.Rules = v.ruleIDs()
	case "account":
		e.Account = v.text()
	case "reason":
		e.Reason = v.text()
	case "owner":
		e.Owner = v.text()
	case "until":
		e.Until = v.date()
	default:
		return v.match(&e.Match)
	}
	return true
}

func (r *reader) severityKey(v value) bool {
	c := &r.policy.Severities[len(r.policy.Severities)-1]
	switch v.key {
	case "rule":
		c.Rules = v.ruleIDs()
	case "severity":
		c.Severity = v.severity()
	default:
		return v.match(&c.Match)
	}
	return true
}

// match reads a key that says which sessions a row is for.
func (v value) match(m *Match) bool {
	switch v.key {
	case "server":
		m.Servers = v.networks()
	case "name":
		m.Names = v.names()
	case "port":
		m.Ports = v.ports()
	case "protocol":
		m.Protocols = v.protocols()
	case "client":
		m.Clients = v.networks()
	case "hours":
		m.Hours = v.hours()
	default:
		return false
	}
	return true
}

// unknown notes a key that its table has not got.
func (r *reader) unknown(name string, at Place) {
	switch {
	case r.table == top && slices.Contains(tableNames[1:], name):
		r.wrong(at, "write a row: [[%s]] and its keys below", name)
	case r.table == top:
		r.wrong(at, "unknown key %q: it may be %s", name, strings.Join(topKeys, ", "))
	case slices.Contains(topKeys, name):
		r.wrong(at, "%s has to stand before the first row", name)
	default:
		keys := strings.Join(slices.Concat(matchKeys, rowKeys[r.table]), ", ")
		r.wrong(at, "unknown key %q in [[%s]]: it may be %s", name, tableNames[r.table], keys)
	}
}
