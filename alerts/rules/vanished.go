package rules

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// When an offer counts as vanished.
const (
	minOffers      = 3 // lists with it, one after another, to this client
	vanishedWindow = 7 * 24 * time.Hour

	minOtherOffers = 3 // other clients that are offered it, where this one is new
	differWindow   = time.Hour
)

// judgeVanished wants a whole list without STARTTLS where there were lists with
// it. A client that never was offered it is one that the server has been told
// to treat so, except at its first visit, when nobody can know that.
func judgeVanished(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	if f.Offer.STARTTLS || f.STARTTLS.Offered != dissect.No || f.Transport != dissect.Plain || onTLSPort(f) || !tellsOffer(f) {
		return hits
	}
	if len(past.Offers) == 0 {
		return judgeDiffering(f, past, hits)
	}
	list := past.Offers
	for len(list) > 0 && !list[len(list)-1].STARTTLS {
		list = list[:len(list)-1] // it has been gone for some sessions
	}
	n := 0
	for n < len(list) && list[len(list)-1-n].STARTTLS {
		n++
	}
	if n < minOffers || f.Start-list[len(list)-1].Begin > int64(vanishedWindow) {
		return hits
	}
	last := &list[len(list)-1]
	h := gone(f, alerts.High, list[len(list)-2:])
	h.Why = name(f.Protocol) + " list without " + command(f.Protocol) + ", which this client was offered " +
		strconv.Itoa(n) + " times before"
	if lostByAll(past.LatestOffers, f.Client.Addr(), last.Begin) {
		h.Severity = alerts.Medium
		h.Why += "; other clients have lost it, too"
	}
	return append(hits, h)
}

// judgeDiffering compares the list with those to other clients of the last
// hour.
func judgeDiffering(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	list := offeredToOthers(f, past)
	if len(list) == 0 {
		return hits
	}
	h := gone(f, alerts.Medium, list[len(list)-2:])
	h.Why = name(f.Protocol) + " list without " + command(f.Protocol) + " for this client, and with it for " +
		strconv.Itoa(len(list)) + " others in the last hour"
	return append(hits, h)
}

// offeredToOthers returns the lists to other clients of the last hour, if there
// are enough and all have STARTTLS.
func offeredToOthers(f *dissect.Facts, past *Past) []Offered {
	list := past.LatestOffers
	for len(list) > 0 && f.Start-list[0].Begin > int64(differWindow) {
		list = list[1:]
	}
	lacks := func(o Offered) bool { return !o.STARTTLS }
	if len(list) < minOtherOffers || slices.ContainsFunc(list, lacks) {
		return nil
	}
	return list
}

// recallMasked raises the hit that judgeMasked has just made for a list of which
// nobody can tell whether STARTTLS was overwritten, where the server offered it
// before: then one of the masks that are as long was it.
func recallMasked(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	if !listMasked(f) || starttlsMasked(f) || askedInVain(f) {
		return hits
	}
	want := command(f.Protocol)
	long := func(mask string) bool { return len(mask) == len(want) }
	before := offeredBefore(f, past)
	if len(before) == 0 || !slices.ContainsFunc(f.Offer.Masks, long) {
		return hits
	}
	h := &hits[len(hits)-1]
	h.Severity = alerts.High
	h.Why = name(f.Protocol) + " capabilities masked, and without " + want + ", which the server offered before"
	last := &before[len(before)-1]
	h.Earlier = []alerts.Evidence{last.evidence(dissect.Server, "list with "+want)}
	h.Quotes = h.Quotes[:min(len(h.Quotes), MaxEvidence-len(h.Earlier))]
	return hits
}

// offeredBefore returns lists with the offer: the last one to this client, or
// those to others where it is new.
func offeredBefore(f *dissect.Facts, past *Past) []Offered {
	n := len(past.Offers)
	if n == 0 {
		return offeredToOthers(f, past)
	}
	if last := &past.Offers[n-1]; !last.STARTTLS || f.Start-last.Begin > int64(vanishedWindow) {
		return nil
	}
	return past.Offers[n-1:]
}

// lostByAll tells whether others have been refused the offer since a time, and
// none was made it.
func lostByAll(latest []Offered, client netip.Addr, since int64) bool {
	lost := false
	for i := range latest {
		switch o := &latest[i]; {
		case o.Client == client, o.Begin <= since:
		case o.STARTTLS:
			return false
		default:
			lost = true
		}
	}
	return lost
}

// gone makes the hit, with the lists that had the offer.
func gone(f *dissect.Facts, s alerts.Severity, before []Offered) Hit {
	h := Hit{Severity: s}
	for i := range before {
		h.Earlier = append(h.Earlier, before[i].evidence(dissect.Server, "list with "+command(f.Protocol)))
	}
	h.Quotes = inOrder(telling(append(clearUse(f), &f.Offer.Quote)...))
	h.Quotes = h.Quotes[:min(len(h.Quotes), MaxEvidence-len(h.Earlier))]
	return h
}
