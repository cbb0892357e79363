package model

import (
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of a Survey.
const (
	maxSurveyed  = 500_000     // sessions that are looked at, the newest
	maxDescribed = MaxSubjects // servers, clients and accounts of which it says more
	lookEvery    = 500         // sessions between two looks at whether to go on
)

// Survey is what only the sessions themselves tell: what was not seen of them,
// what servers and clients call themselves, and which cases have one cause. It
// does not change once it is made.
type Survey struct {
	Counts   store.Counts // of the whole database, as it was before
	Sessions int64        // that were looked at
	Cut      bool         // there are more, older ones

	First, Last int64    // start of the first and the last session, ns since 1970
	Timeline    Timeline // of the findings

	// What limits what can be known: sessions with each flag.
	Midstream, OneSided, Gapped, Evicted, Truncated int64

	Index *Index // of the cases

	banners, hellos, places map[string]string // of servers, clients and accounts: the newest
}

// NewSurvey reads the newest sessions of a database and their findings. That
// takes some seconds where there are many; stop is asked now and again, and ends
// it with true and a nil Survey.
func NewSurvey(source Source, stop func() bool) (*Survey, error) {
	s := &Survey{banners: make(map[string]string), hellos: make(map[string]string), places: make(map[string]string)}
	var err error
	if s.Counts, err = source.Counts(); err != nil {
		return nil, err
	}
	b := newIndexer(total(s.Counts.Cases[:]))
	for r, err := range source.Begun(maxSurveyed) {
		if err != nil {
			return nil, err
		}
		if s.Sessions%lookEvery == 0 && stop() {
			return nil, nil
		}
		s.session(&r.Session)
		for i := range r.Findings {
			s.Timeline.add(r.Findings[i].Time, 1)
		}
		b.add(r.Findings)
	}
	s.Cut = s.Sessions < total(s.Counts.Sessions[:])
	b.cut = b.cut || s.Cut
	s.Index, err = b.finish(source, s.Counts)
	return s, err
}

func (s *Survey) session(one *alerts.Session) {
	f := one.Facts
	if s.Sessions == 0 {
		s.First, s.Last = f.Start, f.Start
	}
	s.First, s.Last = min(s.First, f.Start), max(s.Last, f.Start)
	s.Sessions++
	for _, n := range []struct {
		flag  dissect.Flags
		count *int64
	}{{dissect.Midstream, &s.Midstream}, {dissect.OneSided, &s.OneSided}, {dissect.Gap, &s.Gapped}, {dissect.Evicted, &s.Evicted}, {dissect.Truncated, &s.Truncated}} {
		if f.Flags&n.flag != 0 {
			*n.count++
		}
	}
	server := f.Server.String()
	describe(s.banners, server, f.Banner)
	describe(s.hellos, f.Client.Addr().String(), f.Hello)
	for _, a := range f.Auth {
		if a.HasAccount {
			describe(s.places, a.Account, server)
		}
	}
}

// describe remembers what is said of a name: the newest of it. Texts are copied,
// else each keeps the record that it is from.
func describe(list map[string]string, name, text string) {
	was, known := list[name]
	switch {
	case text == "" || text == was:
	case known:
		list[name] = strings.Clone(text)
	case len(list) < maxDescribed:
		list[strings.Clone(name)] = strings.Clone(text)
	}
}
