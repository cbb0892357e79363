package judge

import "github.com/mailtap/mailtap/alerts"

// Bounds of the memory that waits for the findings of later sessions.
const (
	maxSpare     = 512 // lists
	maxSpareSize = 4   // findings that one of them has room for
)

// spareFindings are lists that Recycle has taken back. A sync.Pool would make
// garbage of its own to hold them.
var spareFindings = make(chan []alerts.Finding, maxSpare)

// newFindings returns an empty list with room for n findings.
func newFindings(n int) []alerts.Finding {
	select {
	case list := <-spareFindings:
		if cap(list) >= n {
			return list
		}
	default:
	}
	return make([]alerts.Finding, 0, n)
}

// Recycle takes back the list of a result's findings, of which nothing may be
// used any more but what they point to, such as their evidence.
func Recycle(list []alerts.Finding) {
	if cap(list) == 0 || cap(list) > maxSpareSize {
		return
	}
	clear(list)
	select {
	case spareFindings <- list[:0]:
	default:
	}
}
