package export

import "github.com/mailtap/mailtap/dissect"

// Rule is what the catalogue says of a rule.
type Rule struct {
	Group  string // the chapter that it stands in: "credential", "downgrade"
	Title  string
	Why    string         // why it matters
	Fix    string         // what to do
	Config []dissect.Pair // how, by program
}

// Rules looks a rule up by its id. It gives the zero Rule for one that is not,
// or no longer, in the catalogue.
type Rules func(id string) Rule
