package alerts

import "github.com/mailtap/mailtap/dissect"

// Status is where an admin has left a case.
type Status uint8

// The statuses. Analysing again changes none.
const (
	New Status = iota
	Acknowledged
	Resolved
	AcceptedRisk
	FalsePositive
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
	ResolvedAt  int64 // ns since 1970 UTC; 0 is never
	Note        string
}
