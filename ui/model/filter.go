package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Filter is what a text of the filter language asks for. All its terms hold
// together:
//
//	severity>=high status:new,acknowledged server:10.0.0.0/8 -rule:tls joe
//
// A term without a key is looked for in the rule, the server, the client and
// the account. A minus before a term turns it round. Quotes keep spaces. The
// nil Filter fits everything.
type Filter struct {
	terms  terms[alerts.Case]
	narrow store.Filter // as much of it as the store can tell
}

// term is one condition on a case, a session or a subject.
type term[T any] struct {
	not  bool
	fits func(*T) bool
	seek *seek // of a case; nil: it alone tells
}

type terms[T any] []term[T]

// language is the words that a filter of one thing may have.
type language[T any] struct {
	keys     []key[T]
	anywhere func(w *word) term[T] // of a word without a key
}

var caseLanguage = language[alerts.Case]{caseKeys, anywhere}

// seek looks for findings of a case that fit where its key does not tell: the
// key of most cases has no account, and of some no client.
type seek struct {
	narrow store.Filter
	fits   func(*alerts.Finding) bool
	found  map[alerts.CaseID]bool
}

// Mistake says what is wrong in the text of a filter, and where.
type Mistake struct {
	From, To int // bytes of the text
	Text     string
}

func (m *Mistake) Error() string { return m.Text }

// word is one term as it was typed, quotes removed.
type word struct {
	from, to int
	not      bool
	key, op  string // "" for a word without a key
	value    string
	list     []string // of value, that commas part outside of quotes
}

// operators of a term; those of two characters first.
var operators = []string{">=", "<=", ":", ">", "<", "="}

// split cuts a text into its words.
func split(text string) []word {
	var words []word
	for at := 0; at < len(text); {
		if text[at] == ' ' {
			at++
			continue
		}
		from, quoted := at, false
		for at < len(text) && (quoted || text[at] != ' ') {
			quoted = quoted != (text[at] == '"')
			at++
		}
		words = append(words, newWord(text[from:at], from))
	}
	return words
}

func newWord(text string, from int) word {
	w := word{from: from, to: from + len(text)}
	text, w.not = strings.CutPrefix(text, "-")
	end := strings.IndexFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	if end > 0 {
		for _, op := range operators {
			if value, ok := strings.CutPrefix(text[end:], op); ok {
				w.key, w.op, text = strings.ToLower(text[:end]), op, value
				break
			}
		}
	}
	w.value = strings.ReplaceAll(text, `"`, "")
	for from, at, quoted := 0, 0, false; at <= len(text); at++ {
		if at == len(text) || text[at] == ',' && !quoted {
			w.list = append(w.list, strings.ReplaceAll(text[from:at], `"`, ""))
			from = at + 1
		} else {
			quoted = quoted != (text[at] == '"')
		}
	}
	return w
}

// Exactly asks for the cases of one server, client, account or rule, whatever
// it is called.
func Exactly(key, name string, now time.Time) Query {
	shown := name
	if strings.ContainsAny(name, ` ,"`) {
		shown = `"` + strings.ReplaceAll(name, `"`, "") + `"`
	}
	f := new(Filter)
	w := word{key: key, op: ":", value: "=" + name, list: []string{"=" + name}}
	if t, err := caseLanguage.term(&w, &f.narrow, time.Time{}); err == nil {
		f.terms = append(f.terms, t)
	}
	return Query{Text: key + ":=" + shown, Filter: f, Now: now}
}

// ParseFilter reads a text. The error is a *Mistake. Ages in it count from now.
func ParseFilter(text string, now time.Time) (*Filter, error) {
	f := new(Filter)
	var err error
	if f.terms, err = caseLanguage.parse(text, &f.narrow, now); err != nil || f.terms == nil {
		return nil, err
	}
	return f, nil
}

// parse reads a text; no terms fit everything.
func (l *language[T]) parse(text string, narrow *store.Filter, now time.Time) (list terms[T], err error) {
	for _, w := range split(text) {
		t, err := l.term(&w, narrow, now)
		if err != nil {
			return nil, &Mistake{w.from, w.to, err.Error()}
		}
		list = append(list, t)
	}
	return list, nil
}

// term reads one word, and narrows a filter by it where the store can tell.
func (l *language[T]) term(w *word, narrow *store.Filter, now time.Time) (term[T], error) {
	if w.key == "" {
		t := l.anywhere(w)
		t.not = w.not
		return t, nil
	}
	i := slices.IndexFunc(l.keys, func(k key[T]) bool { return k.name == w.key })
	if i < 0 {
		return term[T]{}, l.unknown(w.key)
	}
	k := &l.keys[i]
	if !slices.Contains(k.operators, w.op) {
		return term[T]{}, fmt.Errorf("%s takes %s, not %s", k.name, strings.Join(k.operators, " "), w.op)
	}
	if w.value == "" {
		return term[T]{}, fmt.Errorf("%s%s needs a value: %s", k.name, w.op, k.values)
	}
	t, err := k.term(w, now)
	if err == nil && !w.not && k.narrow != nil {
		k.narrow(narrow, w)
	}
	t.not = w.not
	return t, err
}

func (l *language[T]) unknown(name string) error {
	for _, k := range l.keys {
		if strings.HasPrefix(k.name, name[:1]) {
			return fmt.Errorf("no key %q: did you mean %s? Quotes make it plain text", name, k.name)
		}
	}
	return fmt.Errorf("no key %q: there are %s", name, strings.Join(l.names(), " "))
}

func (l *language[T]) names() (names []string) {
	for _, k := range l.keys {
		names = append(names, k.name)
	}
	return names
}

// anywhere is a word without a key.
func anywhere(w *word) term[alerts.Case] {
	text := newText(w.value)
	return term[alerts.Case]{
		fits: func(c *alerts.Case) bool {
			return text.in(c.Rule) || text.in(c.Server) || text.in(c.Client) || text.in(c.Account)
		},
		seek: &seek{
			narrow: store.Filter{Account: w.value},
			fits:   func(f *alerts.Finding) bool { return text.in(f.Account) },
		},
	}
}

// fit tells whether one fits all terms.
func (list terms[T]) fit(one *T) bool {
	for i := range list {
		if t := &list[i]; t.fits(one) == t.not {
			return false
		}
	}
	return true
}

// fits tells whether a case fits all terms. Those that seek must have been
// prepared.
func (f *Filter) fits(c *alerts.Case) bool {
	if f == nil {
		return true
	}
	for i := range f.terms {
		t := &f.terms[i]
		fits := t.fits(c) || t.seek != nil && t.seek.found[c.ID]
		if fits == t.not {
			return false
		}
	}
	return true
}

// maxSought is how many findings are looked at for one term.
const maxSought = 50_000

// prepare looks for the findings that terms need. More tells that there were
// more than are looked at.
func (f *Filter) prepare(source Source) (more bool, err error) {
	for i := range f.terms {
		s := f.terms[i].seek
		if s == nil {
			continue
		}
		s.found = make(map[alerts.CaseID]bool)
		n := 0
		for found, err := range source.AllFindings(s.narrow) {
			if err != nil {
				return false, err
			}
			if n++; n > maxSought {
				more = true
				break
			}
			if s.fits(&found) {
				s.found[found.Case] = true
			}
		}
	}
	return more, nil
}
