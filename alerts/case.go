package alerts

import (
	"fmt"

	"github.com/mailtap/mailtap/dissect"
)

// Status is where an admin has left a case.
type Status uint8

// The statuses. Analysing again changes none; see Reopening for what does.
const (
	New           Status = iota
	Acknowledged         // somebody is at it; findings change nothing
	Resolved             // until a later finding
	AcceptedRisk         // until it expires, or a more severe finding
	FalsePositive        // for good
)

var statusNames = [...]string{"new", "acknowledged", "resolved", "accepted-risk", "false-positive"}

func (s Status) String() string { return statusNames[s] }

// ParseStatus reads a status's name.
func ParseStatus(name string) (Status, bool) {
	for i, n := range statusNames {
		if n == name {
			return Status(i), true
		}
	}
	return 0, false
}

// Case is what an admin triages: the findings of one rule with the same case
// key.
type Case struct {
	ID          CaseID
	Rule, Title string
	Severity    Severity // the highest of its findings
	Blame       Blame
	Protocol    dissect.Protocol // of its first finding
	Server      string           // "10.0.0.9:25"
	Client      string           // "10.0.0.5"; "" where the key has none
	Account     string
	HasAccount  bool // the key has an account
	First, Last int64
	Findings    int64
	Sessions    int64 // with at least one of its findings
	Status      Status
	Reopened    Reopening // why it is new again; an admin's next status clears it
	ResolvedAt  int64     // ns since 1970 UTC; 0 is never
	Expires     int64     // of an accepted risk, ns since 1970 UTC; 0 is never
	Note        string
}

// Reopening says why a case that an admin had dealt with is new again.
type Reopening uint8

// The reasons, each with the status that it ends.
const (
	NotReopened Reopening = iota
	Regressed             // resolved: a finding of a later time came
	Expired               // accepted-risk: its time is over
	Worsened              // accepted-risk: a finding is more severe than what was accepted
)

var reopeningNames = [...]string{"", "regressed", "expired", "worsened"}

func (r Reopening) String() string { return reopeningNames[r] }

// Change is one entry in the history of a case: what an admin did, or what a
// finding did to it, and how that left the case.
type Change struct {
	At         int64  // ns since 1970 UTC: the admin's time, or that of the finding
	Who        string // "" where a finding reopened the case
	Status     Status
	Reopened   Reopening
	ResolvedAt int64 // as in Case
	Expires    int64 // as in Case
	Note       string
	Reason     string
	UndoneBy   string // "" where it was not undone
	UndoneAt   int64
}

// Aftermath is what came after the last finding of a case under the same key.
// No session is no traffic, which does not mean that anything is fixed.
type Aftermath struct {
	Protected, Unknown, Other int64 // sessions
	Last                      int64 // start of the last of them, ns since 1970 UTC; 0 is none
}

// Standing says how the case stands. moment writes a time, ns since 1970 UTC.
func (c *Case) Standing(moment func(int64) string) string {
	switch {
	case c.Reopened != NotReopened && c.ResolvedAt != 0:
		return fmt.Sprintf("%v, %v: resolved %s", c.Status, c.Reopened, moment(c.ResolvedAt))
	case c.Reopened != NotReopened:
		return fmt.Sprintf("%v, %v", c.Status, c.Reopened)
	case c.Status == Resolved:
		return fmt.Sprintf("%v %s", c.Status, moment(c.ResolvedAt))
	case c.Status == AcceptedRisk && c.Expires != 0:
		return fmt.Sprintf("%v until %s", c.Status, moment(c.Expires))
	}
	return c.Status.String()
}
