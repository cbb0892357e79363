package evidence

import "github.com/mailtap/mailtap/dissect"

// Overwrite lets tests outside have a look at overwrite.
func Overwrite(sent []byte, a *dissect.Attempt) []byte { return overwrite(sent, a) }

// Blot overwrites a secret wherever it stands in b.
func Blot(secret string, b []byte) []byte { return Blotter([]string{secret})(b) }

// Blotter overwrites secrets wherever they stand in b.
func Blotter(secrets []string) func(b []byte) []byte {
	n := newNeedles()
	for _, s := range secrets {
		n.add(s)
	}
	return func(b []byte) []byte {
		n.overwrite(b)
		return b
	}
}

// During returns which of sessions, by their first and last times, were open at
// a time.
func During(spans [][2]int64, time int64) (open []int) {
	var s series
	at := map[*chosen]int{}
	for i, span := range spans {
		c := &chosen{}
		c.Session.Facts = &dissect.Facts{Start: span[0], End: span[1]}
		at[c] = i
		s.add(c)
	}
	s.sort()
	for c := range s.during(time) {
		open = append(open, at[c])
	}
	return open
}
