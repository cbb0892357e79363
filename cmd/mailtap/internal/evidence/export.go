// Package evidence writes the packets of mail sessions as pcapng
// (draft-ietf-opsawg-pcapng): Export cuts sessions out of captures, with their
// secrets overwritten, and a Keeper keeps those of a live capture in a ring of
// files, as they are.
package evidence

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// Options say how sessions are exported.
type Options struct {
	Captures    []string // files to look in instead of those that the sessions name
	ShowSecrets bool     // leave passwords and tokens as they were sent
	Program     string   // what writes the file
}

// Report is what became of an export.
type Report struct {
	Sessions int      // of which packets were found
	Packets  uint64   // written
	Remarks  []string // what was not found, or could not be read
}

// Export writes the packets of sessions as pcapng, in the order of the files
// they are in. Those of evidence have comments that name the finding. The files
// are read three times: to learn where secrets are, to find where they are
// repeated, and to write. Secrets are kept in memory only.
func Export(ctx context.Context, w io.Writer, wanted []Wanted, o Options) (Report, error) {
	x := newSelection(wanted, o.Captures)
	n := newNeedles()
	if !o.ShowSecrets {
		l := newLearner(x)
		if _, err := x.read(ctx, l); err != nil {
			return Report{}, err
		}
		n = l.needles
		x.remember()
		if _, err := x.read(ctx, newSearcher(x, n)); err != nil {
			return Report{}, err
		}
	}
	out, err := NewWriter(w, o.Program, headline(len(wanted), o.ShowSecrets))
	if err != nil {
		return Report{}, err
	}
	c := &copier{out: out, needles: n, show: o.ShowSecrets}
	unread, err := x.read(ctx, c)
	if err == nil && !o.ShowSecrets && x.changed() {
		err = errChanged
	}
	if err != nil {
		return Report{}, err
	}
	r := Report{Sessions: x.found(), Packets: c.packets}
	for _, err := range unread {
		r.Remarks = append(r.Remarks, err.Error())
	}
	r.Remarks = append(r.Remarks, x.remarks()...)
	return r, nil
}

func headline(sessions int, show bool) string {
	text := fmt.Sprintf("mailtap: packets of %d mail sessions as they were captured", sessions)
	if show {
		return text + ", with passwords and tokens"
	}
	return text + "; passwords, tokens and responses are overwritten with x of the same length"
}

// copier writes the packets.
type copier struct {
	out     *Writer
	needles *needles
	show    bool
	packets uint64
	before  []byte // the payload, as it was
}

func (c *copier) begin(*pathNames) {}
func (c *copier) flush()           {}

func (c *copier) take(x *chosen, u *unit, file string) error {
	if !c.show && x.packets > x.learned.packets {
		return errChanged
	}
	if !c.show && !c.mask(x, u) {
		x.left++
		return nil
	}
	for i := range u.parts {
		p := u.parts[i].packet
		comments := x.of(p, file)
		if x.packets == 1 && i == 0 {
			comments = append(comments, x.about(c.show)...)
		}
		if err := c.out.Packet(p, comments...); err != nil {
			return err
		}
		c.packets++
	}
	return nil
}

// about returns what is said of the session on its first packet.
func (x *chosen) about(show bool) []string {
	f := x.Session.Facts
	about := []string{fmt.Sprintf("mailtap: session %s, %s, %s to %s, %s", x.Session.ID, f.Protocol, f.Client, f.Server, x.Session.Verdict)}
	if !show && x.masks[x.sender(f.Client)].all {
		about = append(about, unsure)
	}
	return about
}

// mask overwrites the secrets in a unit, and reports whether it could: not where
// fragments are missing, so that it cannot be told what is in the others.
func (c *copier) mask(x *chosen, u *unit) bool {
	s := u.segment
	if len(s.Payload) == 0 {
		return true
	}
	data, at := u.payload()
	if at < 0 {
		return false
	}
	payload := data[at : at+len(s.Payload)]
	c.before = append(c.before[:0], payload...)
	_, swapped := endsOf(s)
	m := &x.masks[0]
	if swapped {
		m = &x.masks[1]
	}
	m.apply(payload, first(s))
	if x.blanked[x.packets] {
		blank(payload)
	}
	if !m.opaque || int32(first(s)-m.sealed) < 0 {
		c.needles.overwrite(payload)
	}
	if bytes.Equal(payload, c.before) {
		return true
	}
	if head := header(data, at, s); head >= 0 {
		mend(data, head, s, sum(c.before), sum(payload))
	}
	u.spread()
	return true
}
