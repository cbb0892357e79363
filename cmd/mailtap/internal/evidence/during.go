package evidence

import (
	"cmp"
	"iter"
	"slices"
)

// series is the sessions between two ends, by when they began. Who connects
// from one port again and again makes many of them.
type series struct {
	list  []*chosen
	until []int64 // the latest end of those up to here
}

// add adds a session; sort has to follow.
func (s *series) add(c *chosen) { s.list = append(s.list, c) }

func (s *series) sort() {
	slices.SortStableFunc(s.list, func(a, b *chosen) int { return cmp.Compare(a.Session.Facts.Start, b.Session.Facts.Start) })
	s.until = make([]int64, len(s.list))
	for i, c := range s.list {
		s.until[i] = max(c.Session.Facts.End, s.until[max(0, i-1)])
	}
}

// during gives the sessions that were open at a time, the last to begin first.
func (s *series) during(time int64) iter.Seq[*chosen] {
	return func(yield func(*chosen) bool) {
		if s == nil {
			return
		}
		i, _ := slices.BinarySearchFunc(s.list, time, func(c *chosen, time int64) int {
			if c.Session.Facts.Start <= time {
				return -1
			}
			return 1
		})
		for i--; i >= 0 && s.until[i] >= time; i-- {
			if c := s.list[i]; c.Session.Facts.End >= time && !yield(c) {
				return
			}
		}
	}
}
