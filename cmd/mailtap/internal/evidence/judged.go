package evidence

import (
	"errors"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/capture"
)

// Judged keeps the packets of a session that has a finding, and forgets those
// of any other. Its error is told once, until it was possible again.
func (k *Keeper) Judged(r *alerts.Result) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.waiting[r.Session.ID]
	if h == nil {
		return nil
	}
	delete(k.waiting, r.Session.ID)
	defer k.memory.free(h.records)
	for len(k.order) > 0 && k.waiting[k.order[0]] == nil {
		k.order = k.order[1:]
	}
	if len(r.Findings) == 0 {
		return nil
	}
	before := k.err
	if k.err = k.write(h, r); k.err != nil {
		k.lost++
	} else {
		k.kept++
	}
	if before != nil {
		return nil
	}
	return k.err
}

// headRoom is how many bytes the beginning of a file takes at most, with the
// link types of its packets.
const headRoom = 1 << 10

// room returns how many bytes a session takes at most, as blocks.
func (h *held) room(comments []string) int64 {
	const perPacket, perComment = enhancedFixed + blockOverhead + 3, 4 + 3 // padding included
	n := headRoom
	for _, c := range comments[:min(len(comments), maxComments)] {
		n += perComment + min(len(c), maxComment)
	}
	h.each(func(p *capture.Packet) error {
		n += perPacket + len(p.Data)
		return nil
	})
	return int64(n)
}

func (k *Keeper) write(h *held, r *alerts.Result) (err error) {
	defer func() {
		if err != nil {
			k.ring.giveUp()
		} else {
			k.ring.whole = k.ring.out.Size()
		}
	}()
	comments := h.comments(r)
	if err := k.ring.room(h.room(comments)); err != nil {
		return err
	}
	return h.each(func(p *capture.Packet) error {
		err := k.ring.packet(p, comments...)
		comments = nil
		return err
	})
}

// comments say on the first packet what the session is.
func (h *held) comments(r *alerts.Result) []string {
	f := r.Session.Facts
	list := []string{fmt.Sprintf("mailtap: session %s, %s, %s to %s, %s", r.Session.ID, f.Protocol, f.Client, f.Server, r.Session.Verdict)}
	if h.left > 0 {
		list = append(list, fmt.Sprintf("mailtap: %d of its packets found no room and are left out", h.left))
	}
	for i := range r.Findings {
		list = append(list, fmt.Sprintf("mailtap: %s (%s): %s", r.Findings[i].Rule, r.Findings[i].ID, r.Findings[i].Title))
	}
	return list
}

// Kept returns how many sessions were written, and how many had to be given up.
func (k *Keeper) Kept() (sessions, lost int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept, k.lost
}

// Files returns the files that were in the folder when it was opened: the
// oldest are removed later.
func (k *Keeper) Files() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []string
	for _, f := range k.ring.files {
		list = append(list, k.ring.name(f.number))
	}
	return list
}

// Close ends the last file, and leaves the folder to others. What Judged told is
// told again, if it lasts.
func (k *Keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return errors.Join(k.err, k.ring.close(), k.ring.unlock())
}
