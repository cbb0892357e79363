package model

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// host is an address, a network, or a part of how an address is written.
type host struct {
	network netip.Prefix
	text    text
}

// hosts reads the alternatives of a word.
func (w *word) hosts() (list []host, err error) {
	for _, value := range w.alternatives() {
		h := host{text: newText(value)}
		if strings.Contains(value, "/") {
			if h.network, err = netip.ParsePrefix(strings.TrimPrefix(value, "=")); err != nil {
				return nil, fmt.Errorf("%q is no network: 10.0.0.0/8 and 2001:db8::/32 are", value)
			}
		}
		list = append(list, h)
	}
	return list, nil
}

// in tells whether an address, or how it is written, fits one of the hosts.
func in(list []host, a netip.Addr, written string) bool {
	for _, h := range list {
		if h.network.IsValid() && h.network.Contains(a.Unmap()) || !h.network.IsValid() && h.text.in(written) {
			return true
		}
	}
	return false
}

// addressTerm is of what has an address; of gives it, and how it is written.
func addressTerm[T any](of func(*T) (netip.Addr, string)) func(*word, time.Time) (term[T], error) {
	return func(w *word, _ time.Time) (term[T], error) {
		list, err := w.hosts()
		return term[T]{fits: func(one *T) bool {
			a, written := of(one)
			return written != "" && in(list, a, written)
		}}, err
	}
}

var serverTerm = addressTerm(func(c *alerts.Case) (netip.Addr, string) {
	a, _ := netip.ParseAddrPort(c.Server)
	return a.Addr(), c.Server
})

func narrowServer(f *store.Filter, w *word) {
	if list := w.alternatives(); len(list) == 1 && !strings.Contains(list[0], "/") {
		f.Server = list[0]
	}
}

func clientTerm(w *word, now time.Time) (term[alerts.Case], error) {
	t, err := addressTerm(func(c *alerts.Case) (netip.Addr, string) {
		a, _ := netip.ParseAddr(c.Client)
		return a, c.Client
	})(w, now)
	list, _ := w.hosts()
	t.seek = &seek{fits: func(f *alerts.Finding) bool { return in(list, f.Client.Addr(), f.Client.Addr().String()) }}
	narrowClient(&t.seek.narrow, w)
	return t, err
}

func narrowClient(f *store.Filter, w *word) {
	if list := w.alternatives(); len(list) == 1 && !strings.Contains(list[0], "/") {
		f.Client = list[0]
	}
}
