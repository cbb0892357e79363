package tls_test

import (
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// extension is one of a made hello.
type extension struct {
	kind uint16
	data []byte
}

// clientHello is what a made ClientHello holds.
type clientHello struct {
	version    uint16
	suites     []uint16
	extensions []extension
}

// rest is what few made hellos have.
type rest struct {
	mark        string // the end of the random
	session     []byte
	compression uint8
}

func (r rest) add(b *cryptobyte.Builder) {
	b.AddBytes(make([]byte, 32-len(r.mark)))
	b.AddBytes([]byte(r.mark))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(r.session) })
}

func (c clientHello) record() []byte { return c.with(rest{}) }

func (c clientHello) with(r rest) []byte {
	return plain(22, message(1, func(b *cryptobyte.Builder) {
		b.AddUint16(c.version)
		r.add(b)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { addAll(b, c.suites) })
		b.AddBytes([]byte{1, 0})
		addExtensions(b, c.extensions)
	}))
}

// serverHello is what a made ServerHello holds.
type serverHello struct {
	version    uint16
	suite      uint16
	extensions []extension
}

func (s serverHello) record() []byte { return s.with(rest{}) }

func (s serverHello) with(r rest) []byte {
	return plain(22, message(2, func(b *cryptobyte.Builder) {
		b.AddUint16(s.version)
		r.add(b)
		b.AddUint16(s.suite)
		b.AddUint8(r.compression)
		addExtensions(b, s.extensions)
	}))
}

// certificates makes a Certificate message in records as long as may be.
func certificates(ders ...[]byte) []byte {
	return plain(22, message(11, func(b *cryptobyte.Builder) {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, der := range ders {
				b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(der) })
			}
		})
	}))
}

func message(kind uint8, body func(b *cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddUint8(kind)
	b.AddUint24LengthPrefixed(body)
	return b.BytesOrPanic()
}

// plain puts content into records of at most 2^14 bytes.
func plain(kind uint8, content []byte) []byte {
	var b cryptobyte.Builder
	for len(content) > 0 {
		n := min(len(content), 1<<14)
		b.AddBytes([]byte{kind, 3, 1})
		b.AddUint16(uint16(n))
		b.AddBytes(content[:n])
		content = content[n:]
	}
	return b.BytesOrPanic()
}

func addExtensions(b *cryptobyte.Builder, list []extension) {
	if list == nil {
		return
	}
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, e := range list {
			b.AddUint16(e.kind)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.data) })
		}
	})
}

func addAll(b *cryptobyte.Builder, list []uint16) {
	for _, n := range list {
		b.AddUint16(n)
	}
}

// empty makes extensions of which only the kinds count.
func empty(kinds ...uint16) (list []extension) {
	for _, k := range kinds {
		list = append(list, extension{k, nil})
	}
	return list
}

// The contents of the extensions that are read.

func serverName(name string) []byte {
	return prefixed16(func(b *cryptobyte.Builder) {
		b.AddUint8(0)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
	})
}

func protocols(names ...string) []byte {
	return prefixed16(func(b *cryptobyte.Builder) {
		for _, name := range names {
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
		}
	})
}

func list16(numbers ...uint16) []byte {
	return prefixed16(func(b *cryptobyte.Builder) { addAll(b, numbers) })
}

func prefixed16(content func(b *cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddUint16LengthPrefixed(content)
	return b.BytesOrPanic()
}

func versions(numbers ...uint16) []byte {
	var b cryptobyte.Builder
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { addAll(b, numbers) })
	return b.BytesOrPanic()
}

// factsOf feeds one side's bytes.
func factsOf(t *testing.T, side dissect.Side, b []byte) dissect.TLSFacts {
	t.Helper()
	facts, events := play([]turn{{side, b}}, 0)
	if len(events) == 0 {
		t.Fatal("no events")
	}
	return facts
}
