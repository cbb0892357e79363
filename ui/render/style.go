// Package render turns what the model holds into words: cells of a list, and
// lines of styled text for the page of a case. It is pure, and knows styles by
// name only.
//
// Everything that a peer chose is made harmless here: text that leaves this
// package has no control characters and as many columns as Width counts.
// Colour never says anything that no word says.
package render

import "github.com/mailtap/mailtap/alerts"

// Style is what a piece of text is. What that looks like is the view's.
type Style uint8

// The styles.
const (
	Plain Style = iota
	Critical
	High
	Medium
	Low
	Info
	Good    // a protected session
	Heading // of a section, and column heads
	Strong  // what happened, and the lines that prove it
	Faint   // file, packet, time: what is looked up, not read
	Client  // what the client said
	Server  // what the server said
)

// Styles is how many there are.
const Styles = int(Server) + 1

// Span is text in one style.
type Span struct {
	Text  string
	Style Style
}

// Line is one line of a page.
type Line []Span

var severityStyles = [...]Style{alerts.Info: Info, alerts.Low: Low, alerts.Medium: Medium, alerts.High: High, alerts.Critical: Critical}

var verdictStyles = [...]Style{
	alerts.UnknownVerdict: Info, alerts.Protected: Good, alerts.Clear: Info, alerts.Weak: Medium, alerts.Exposed: Critical,
}
