package policy

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/mailtap/mailtap/alerts"
)

// Parse reads a policy. name is the file's, for messages, and rules are the
// ids that rows may name. The error is a Mistakes: every mistake with its line
// and column. Only a file that is no TOML is not read beyond its first error.
func Parse(name string, b []byte, rules []string) (*Policy, error) {
	// Editors of Windows write a mark of the byte order (TOML 1.1: to be ignored).
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	r := &reader{src: b, rules: rules, policy: &Policy{Name: name}}
	if len(b) > MaxFile {
		r.wrong(Place{1, 1}, "the file has more than %d bytes", MaxFile)
		return nil, r.list()
	}
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		r.wrong(Place{1, 1}, "the file is in UTF-16: save it as UTF-8")
		return nil, r.list()
	}
	r.read()
	if err := r.list(); err != nil {
		return nil, err
	}
	return r.policy, nil
}

// reader reads a policy. It walks the syntax tree, and not Go structs made of
// it, because every value has to tell where it stands, and one mistake must not
// hide the next.
type reader struct {
	src      []byte
	tree     unstable.Parser
	rules    []string
	policy   *Policy
	table    table
	at       Place            // of the table
	before   int              // mistakes before the table
	rows     int              // of all kinds
	seen     map[string]Place // keys of the table
	rowsSeen map[string]alike // rows by what they are for
	mistakes Mistakes
}

// table is where in the file the reader stands. The zero value is before the
// first table.
type table uint8

const (
	top table = iota
	hostRow
	exceptionRow
	severityRow
	strange // a table that is not known: its keys are not read
)

var tableNames = [...]string{"", "host", "exception", "severity"}

// topKeys and rowKeys are the keys by table, in the order of the example.
var (
	topKeys   = []string{"local-domains", "trusted-networks", "tls-ports"}
	matchKeys = []string{"server", "name", "port", "protocol", "client", "hours"}
	rowKeys   = [...][]string{
		hostRow:      {"require", "tls-minimum", "mechanisms", "severity"},
		exceptionRow: {"rule", "account", "reason", "owner", "until"},
		severityRow:  {"rule", "severity"},
	}
)

func (r *reader) read() {
	r.seen, r.rowsSeen = map[string]Place{}, map[string]alike{}
	r.tree.Reset(r.src)
	for r.tree.NextExpression() {
		e := r.tree.Expression()
		if e.Kind == unstable.KeyValue {
			r.pair(e)
			continue
		}
		r.endRow()
		r.open(e)
	}
	// After an error of the syntax the rest of the row is missing, too: what it
	// lacks is no mistake of its own.
	if r.syntax() {
		r.endRow()
	}
}

// syntax notes what TOML itself forbids, such as a key that stands twice, and
// reports whether the walk has come to the end of the file.
func (r *reader) syntax() bool {
	var all map[string]any
	err := toml.Unmarshal(r.src, &all)
	broken := r.tree.Error()
	if err == nil {
		err = broken
	}
	if err == nil {
		return true
	}
	at, text := Place{1, 1}, strings.TrimPrefix(err.Error(), "toml: ")
	if e := (*toml.DecodeError)(nil); errors.As(err, &e) {
		at = r.characters(e.Position())
	}
	told := slices.ContainsFunc(r.mistakes, func(m Mistake) bool { return m.At.Line == at.Line })
	if broken != nil || !told { // else it stands there in our words
		r.wrong(at, "%s", text)
	}
	return broken == nil
}

// characters makes a place of a line and a column in bytes.
func (r *reader) characters(line, column int) Place {
	offset := 0
	for range line - 1 {
		offset += bytes.IndexByte(r.src[offset:], '\n') + 1
	}
	return r.place(min(offset+column-1, len(r.src)))
}

// open begins a table: a row, for there are no others.
func (r *reader) open(e *unstable.Node) {
	name, at := r.key(e)
	r.table, r.at, r.before = strange, at, len(r.mistakes)
	clear(r.seen)
	r.rows++
	switch {
	case r.rows > MaxRows:
		if r.rows == MaxRows+1 {
			r.wrong(at, "more than %d rows", MaxRows)
		}
		return
	case name == "host":
		r.table = hostRow
		r.policy.Hosts = append(r.policy.Hosts, Host{At: at, Severity: alerts.High})
	case name == "exception":
		r.table = exceptionRow
		r.policy.Exceptions = append(r.policy.Exceptions, Exception{At: at})
	case name == "severity":
		r.table = severityRow
		r.policy.Severities = append(r.policy.Severities, Change{At: at})
	default:
		r.wrong(at, "unknown table %q: it may be [[host]], [[exception]] or [[severity]]", name)
		return
	}
	if e.Kind == unstable.Table {
		r.wrong(at, "there may be many of it: write [[%s]]", name)
	}
}

// key returns the key of an expression, and where it begins.
func (r *reader) key(e *unstable.Node) (string, Place) {
	parts := e.Key()
	var name []string
	at := Place{1, 1}
	for parts.Next() {
		if len(name) == 0 {
			at = r.place(int(parts.Node().Raw.Offset))
		}
		name = append(name, string(parts.Node().Data))
	}
	return strings.Join(name, "."), at
}

// pair reads a key and its value.
func (r *reader) pair(e *unstable.Node) {
	if r.table == strange {
		return
	}
	name, at := r.key(e)
	if first, twice := r.seen[name]; twice {
		r.wrong(at, "%q stands in line %d already", name, first.Line)
		return
	}
	r.seen[name] = at
	v := value{reader: r, key: name, at: at, node: e.Value()}
	known := false
	switch r.table {
	case top:
		known = r.topKey(v)
	case hostRow:
		known = r.hostKey(v)
	case exceptionRow:
		known = r.exceptionKey(v)
	case severityRow:
		known = r.severityKey(v)
	}
	if !known {
		r.unknown(name, at)
	}
}
