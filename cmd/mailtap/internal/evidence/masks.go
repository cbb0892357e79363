package evidence

import (
	"cmp"
	"slices"
)

// Filler stands where a secret stood, as often as it had bytes.
const Filler = 'x'

// patch is what to write over the bytes of a direction from seq on.
type patch struct {
	seq  uint32
	text []byte
}

// masks are the patches of one direction of a session, by sequence number: a
// retransmission has those of what it repeats.
type masks struct {
	patches []patch // sorted when first applied
	sorted  bool
	longest int
	all     bool   // everything is overwritten: where the secrets are cannot be told
	onward  bool   // everything is, from
	from    uint32 // here on
	opaque  bool   // nothing is looked for, for it is encrypted, from
	sealed  uint32 // here on
}

// maxPatches bounds the patches of one direction. What needs more, a password
// guesser or a long session of TLS without encryption, is overwritten as a
// whole.
const maxPatches = 1 << 19

func (m *masks) add(seq uint32, text []byte) {
	if len(m.patches) == maxPatches {
		m.all, m.patches = true, nil
	}
	if m.all {
		return
	}
	m.patches = append(m.patches, patch{seq, text})
	m.longest = max(m.longest, len(text))
	m.sorted = false
}

// fill returns n fillers.
func fill(n int) []byte {
	b := make([]byte, n)
	blank(b)
	return b
}

func blank(b []byte) {
	for i := range b {
		b[i] = Filler
	}
}

// apply overwrites the payload that begins at seq.
func (m *masks) apply(payload []byte, seq uint32) {
	if m.all {
		blank(payload)
		return
	}
	if m.onward {
		if ahead := int(int32(m.from - seq)); ahead < len(payload) {
			blank(payload[max(0, ahead):])
		}
	}
	if len(m.patches) == 0 {
		return
	}
	if !m.sorted {
		slices.SortStableFunc(m.patches, func(a, b patch) int { return cmp.Compare(a.seq, b.seq) })
		m.sorted = true
	}
	// Numbers go round, so the first that may reach into the payload is found,
	// and then all up to its end are tried.
	first := seq - uint32(m.longest)
	span := uint32(m.longest + len(payload))
	at, _ := slices.BinarySearchFunc(m.patches, first, func(p patch, seq uint32) int { return cmp.Compare(p.seq, seq) })
	for i := range m.patches {
		p := m.patches[(at+i)%len(m.patches)]
		if p.seq-first >= span {
			return
		}
		over(payload, int(int32(p.seq-seq)), p.text)
	}
}

// over writes text over payload[at:]; either may begin first.
func over(payload []byte, at int, text []byte) {
	if at < 0 {
		text, at = text[min(-at, len(text)):], 0
	}
	if at < len(payload) {
		copy(payload[at:], text)
	}
}
