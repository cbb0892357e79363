package evidence

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// Wanted is a session to export, as it is stored, and the findings whose
// evidence may be in it.
type Wanted struct {
	Session  alerts.Session
	Findings []alerts.Finding
}

// chosen is a wanted session while its packets are looked for.
type chosen struct {
	Wanted
	path     string
	files    map[string]bool // that may hold it; nil: any
	comments map[int64][]remark
	reading
	learned reading         // when the secrets were looked for
	left    uint64          // of packets, that are not written: see copier.mask
	masks   [2]masks        // by who sent it: the lower end of the connection, or the higher
	begins  [2]beginning    // by sender, too
	blanked map[uint64]bool // units, counted from 1, that hold what nobody has read
}

// remark is what is said of a packet of evidence.
type remark struct {
	file   string
	packet uint64
	text   string
}

// selection finds the packets of wanted sessions in capture files.
type selection struct {
	sessions []*chosen
	byEnds   map[ends]*series
	files    []string // in which they are looked for
	named    bool     // and not those in which they were found
}

// newSelection plans where to look. captures are the files that were named; if
// there are none, each session is looked for in the files it was found in.
func newSelection(wanted []Wanted, captures []string) *selection {
	x := &selection{byEnds: map[ends]*series{}, files: slices.Clone(captures), named: len(captures) > 0}
	for _, w := range wanted {
		f := w.Session.Facts
		c := &chosen{Wanted: w, path: pathName(f.VLAN, f.Tunnel), comments: map[int64][]remark{}, blanked: map[uint64]bool{}}
		c.files = filesOf(f.Files, captures)
		c.remark()
		x.sessions = append(x.sessions, c)
		key := endsBetween(f.Client, f.Server)
		if x.byEnds[key] == nil {
			x.byEnds[key] = &series{}
		}
		x.byEnds[key].add(c)
		if len(captures) == 0 {
			x.files = append(x.files, f.Files...)
		}
	}
	for _, s := range x.byEnds {
		s.sort()
	}
	slices.Sort(x.files)
	x.files = slices.Compact(x.files)
	return x
}

// filesOf returns which files may hold a session found in files named names: by
// their names those of captures, and where none has such a name, all of them.
func filesOf(names, captures []string) map[string]bool {
	files := map[string]bool{}
	if len(captures) == 0 {
		for _, n := range names {
			files[n] = true
		}
		return files
	}
	for _, c := range captures {
		if slices.ContainsFunc(names, func(n string) bool { return filepath.Base(n) == filepath.Base(c) }) {
			files[c] = true
		}
	}
	if len(files) == 0 {
		return nil
	}
	return files
}

// remark notes what is to be said of which packet.
func (c *chosen) remark() {
	for i := range c.Findings {
		f := &c.Findings[i]
		text := fmt.Sprintf("mailtap: %s (%s): %s", f.Rule, f.ID, f.Title)
		for _, e := range f.Evidence {
			list := c.comments[e.Time]
			known := slices.ContainsFunc(list, func(r remark) bool { return r.packet == e.Packet && r.text == text })
			if e.Session == c.Session.ID && !known {
				c.comments[e.Time] = append(list, remark{e.File, e.Packet, text})
			}
		}
	}
}

// of returns what is said of a packet of file. In a file that holds them under
// another name, packets have other numbers.
func (c *chosen) of(p *capture.Packet, file string) (texts []string) {
	for _, r := range c.comments[p.Time] {
		if filepath.Base(r.file) != filepath.Base(file) || r.packet == p.Number {
			texts = append(texts, r.text)
		}
	}
	return texts
}

// beginning is the sequence number that a SYN has set, if one was seen.
type beginning struct {
	seq   uint32
	known bool
}

// begin notes where the directions begin.
func (c *chosen) begin(s *decode.Segment) {
	if s.Flags&decode.SYN != 0 {
		c.begins[c.sender(s.Src())] = beginning{first(s), true}
	}
}

// maxBlanked bounds the units that are overwritten because nobody has read
// them; where there are more, the whole session is.
const maxBlanked = 1 << 16

func (c *chosen) blank(unit uint64) {
	if len(c.blanked) == maxBlanked {
		c.masks[0].all, c.masks[1].all = true, true
		return
	}
	c.blanked[unit] = true
}

// visitor takes the packets of a selection.
type visitor interface {
	begin(paths *pathNames)
	// take takes a unit of a session. Its packets are valid during the call,
	// and may be changed.
	take(c *chosen, u *unit, file string) error
	// flush says that what follows is another capture.
	flush()
}

// batchSize is how many packets are read together.
const batchSize = 32

// read reads all files once and hands out the packets of the sessions. It
// returns what could not be read.
func (x *selection) read(ctx context.Context, v visitor) (unread []error, err error) {
	chain := capture.NewChain(x.files)
	defer chain.Close()
	w := walk{selection: x, decoder: decode.New()}
	w.paths = pathNames{w.decoder, map[decode.PathID]string{}}
	v.begin(&w.paths)
	for _, c := range x.sessions {
		c.reading = reading{}
	}
	batch := make([]capture.Packet, batchSize)
	for {
		if err := ctx.Err(); err != nil {
			return unread, err
		}
		n, err := chain.Batch(batch)
		for i := range batch[:n] {
			if err := w.packet(&batch[i], chain.Files()[batch[i].File], v); err != nil {
				return unread, err
			}
		}
		switch err {
		case nil:
		case io.EOF:
			v.flush()
			return unread, nil
		case capture.ErrNewCapture:
			v.flush()
			w.decoder.Forget()
		default:
			unread = append(unread, err)
		}
	}
}

// walk is one reading of a selection.
type walk struct {
	*selection
	decoder   *decode.Decoder
	paths     pathNames
	fragments fragments
	segment   decode.Segment
}

func (w *walk) packet(p *capture.Packet, file string, v visitor) error {
	s := &w.segment
	switch w.decoder.Decode(p, s) {
	case decode.TCP:
	case decode.Fragment:
		w.fragments.add(p, s)
		return nil
	default:
		return nil
	}
	key, _ := endsOf(s)
	for c := range w.byEnds[key].during(p.Time) {
		if c.files != nil && !c.files[file] || w.paths.of(s.Path) != c.path {
			continue
		}
		u := unit{parts: []part{{packet: p}}, segment: s}
		if w.decoder.Joined() {
			if joined, ok := w.fragments.join(p, s); ok {
				u = joined
			}
		}
		c.add(p)
		c.begin(s)
		return v.take(c, &u, file)
	}
	return nil
}
