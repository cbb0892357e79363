package rules

// Who says who can make use of what a rule finds.
type Who uint8

// Who can make use of it. A rule names the least that is needed: who changes
// the traffic can read it, too.
const (
	_          Who = iota // a rule says who
	ByListener            // reading is enough
	ByAttacker            // takes a change of the traffic
	ByEither              // each has a use for it
	ByAnybody             // takes no place on the way
)

var whoTexts = [...]string{
	"",
	"Whoever can read the traffic: as it crosses, or later from a recording.",
	"Whoever can change the traffic while the session runs. Reading it is not enough.",
	"Whoever can read the traffic, as it crosses or from a recording; and, with more to gain, whoever can change it.",
	"Anybody who can reach the server. Nobody has to stand on the way.",
}

// String returns a sentence.
func (w Who) String() string { return whoTexts[w] }
