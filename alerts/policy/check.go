package policy

import "fmt"

// alike is the first of the rows that are for the same.
type alike struct {
	line int
	says string
}

// endRow looks at a row as a whole. What a row lacks is told always; what it
// says, only where all of it could be read.
func (r *reader) endRow() {
	p := r.policy
	whole := len(r.mistakes) == r.before
	switch r.table {
	case hostRow:
		h := &p.Hosts[len(p.Hosts)-1]
		r.checkHost(h, whole)
		if whole {
			r.unlike(fmt.Sprint(hostRow, h.Match), fmt.Sprint(h.Require, h.TLSMinimum, h.Mechanisms, h.Severity))
		}
	case exceptionRow:
		e := &p.Exceptions[len(p.Exceptions)-1]
		r.needs("rule", "reason", "until")
		if whole {
			r.unlike(fmt.Sprintf("%d %v %v %q", exceptionRow, e.Match, e.Rules, e.Account), "")
		}
	case severityRow:
		c := &p.Severities[len(p.Severities)-1]
		r.needs("rule", "severity")
		if whole {
			r.unlike(fmt.Sprint(severityRow, c.Match, c.Rules), c.Severity.String())
		}
	}
}

// needs notes the keys that the row has not got.
func (r *reader) needs(keys ...string) {
	for _, key := range keys {
		if _, ok := r.seen[key]; !ok {
			r.wrong(r.at, "[[%s]] has no %s", tableNames[r.table], key)
		}
	}
}

// checkHost notes what a host row lacks, and what contradicts itself.
func (r *reader) checkHost(h *Host, whole bool) {
	require, named := r.seen["require"]
	_, minimum := r.seen["tls-minimum"]
	_, mechanisms := r.seen["mechanisms"]
	severity, graded := r.seen["severity"]
	none := whole && named && h.Require == 0
	switch {
	case !named && !minimum && !mechanisms:
		r.wrong(r.at, `[[host]] wants nothing: give it require, tls-minimum or mechanisms, or say require = "none"`)
	case none && (minimum || mechanisms):
		r.wrong(require, `require = "none" contradicts the row's other requirements`)
	case none && graded:
		r.wrong(severity, `severity means nothing beside require = "none"`)
	}
}

// unlike notes a row that is for the same as an earlier one.
func (r *reader) unlike(what, says string) {
	first, twice := r.rowsSeen[what]
	switch {
	case !twice:
		r.rowsSeen[what] = alike{r.at.Line, says}
	case first.says == says:
		r.wrong(r.at, "[[%s]] is the same as in line %d", tableNames[r.table], first.line)
	default:
		r.wrong(r.at, "[[%s]] contradicts line %d, which is for the same sessions", tableNames[r.table], first.line)
	}
}
