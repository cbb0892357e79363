package tls_test

import (
	"crypto/x509/pkix"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// named makes a small certificate of that name.
func named(t testing.TB, name string) []byte {
	tpl := template()
	tpl.Subject = pkix.Name{CommonName: name}
	return sign(t, tpl, edKey(t)).Certificate[0]
}

func subjects(facts dissect.TLSFacts) (list []string) {
	if facts.Certificate != nil {
		list = append(list, facts.Certificate.Subject)
	}
	for _, c := range facts.Chain {
		list = append(list, c.Subject)
	}
	return list
}

func TestChain(t *testing.T) {
	own, middle, root := named(t, "own"), named(t, "middle"), named(t, "root")
	many := [][]byte{own}
	want := []string{"CN=own"}
	for i := range 20 {
		name := fmt.Sprint("n", i)
		many = append(many, named(t, name))
		if i < dissect.MaxChain {
			want = append(want, "CN="+name)
		}
	}
	tests := []struct {
		name string
		ders [][]byte
		want []string
	}{
		{"alone", [][]byte{own}, []string{"CN=own"}},
		{"three", [][]byte{own, middle, root}, []string{"CN=own", "CN=middle", "CN=root"}},
		{"too-many", many, want},
		{"none", nil, nil},
		{"an-empty-one-ends-it", [][]byte{own, {}, root}, []string{"CN=own"}},
		{"an-empty-third", [][]byte{own, middle, {}, root}, []string{"CN=own", "CN=middle"}},
		{"one-too-long-ends-it", [][]byte{own, make([]byte, 64<<10), root}, []string{"CN=own"}},
		{"what-is-none-has-no-name", [][]byte{own, []byte("hello"), root}, []string{"CN=own", "", "CN=root"}},
		{"first-is-none", [][]byte{[]byte("hello"), root}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			turns := []turn{{dissect.Server, slices.Concat(certificates(tt.ders...), plain(21, []byte{1, 0}))}}
			facts, _ := play(turns, 0)
			if diff := cmp.Diff(tt.want, subjects(facts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if told := slices.Contains(words(turns), "server certificate chain"); told != (len(tt.want) > 1) {
				t.Errorf("events: %q", words(turns))
			}
			sameForAnyCut(t, turns)
		})
	}
}

// A certificate that is said to be longer than the message ends the chain.
func TestChainWithWrongLength(t *testing.T) {
	record := certificates(named(t, "own"), named(t, "middle"), []byte{1})
	record[len(record)-2] = 9
	turns := []turn{{dissect.Server, record}}
	facts, _ := play(turns, 0)
	if diff := cmp.Diff([]string{"CN=own", "CN=middle"}, subjects(facts)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"server certificate", "server certificate chain"}, words(turns)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A second message adds nothing.
func TestSecondChain(t *testing.T) {
	facts, _ := play([]turn{
		{dissect.Server, certificates(named(t, "own"), named(t, "root"))},
		{dissect.Server, certificates(named(t, "other"), named(t, "authority"))},
		{dissect.Server, plain(21, []byte{1, 0})},
	}, 0)
	if diff := cmp.Diff([]string{"CN=own", "CN=root"}, subjects(facts)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Certificates, and whatever else stands in one record, are read.
func TestManyMessagesInOneRecord(t *testing.T) {
	content := func(records ...[]byte) (b []byte) {
		for _, r := range records {
			b = append(b, r[5:]...)
		}
		return b
	}
	turns := []turn{{dissect.Server, plain(22, content(
		serverHello{0x0302, 0xc013, empty(0xff01)}.record(), certificates(named(t, "own"), named(t, "root")),
		exchange([]byte{3, 0, 23}), plain(22, message(14, func(*cryptobyte.Builder) {})),
	))}}
	facts, _ := play(turns, 0)
	if diff := cmp.Diff([]string{"CN=own", "CN=root"}, subjects(facts)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if facts.Group != "secp256r1" || facts.Renegotiation != dissect.Yes || facts.Resumed != dissect.No {
		t.Errorf("%+v", facts)
	}
	sameForAnyCut(t, turns)
}

// However long the messages are said to be, a connection keeps little of them.
func TestMemory(t *testing.T) {
	const connections, most = 50, 400 << 10 // a certificate and a hello of 64 KiB, twice for growth, and more
	long := func(kind byte, start []byte) []byte {
		return plain(22, append(append([]byte{kind, 0xff, 0xff, 0xff}, start...), make([]byte, 1<<20)...))
	}
	for _, tt := range []struct {
		name           string
		client, server []byte
	}{
		{"hellos", long(1, nil), long(2, nil)},
		{"one-certificate", long(1, nil), long(11, []byte{0xff, 0xff, 0xfc, 0, 0xff, 0xff, 0x30})},
		{"certificates", long(1, nil), certificates(slices.Repeat([][]byte{named(t, "own")}, 4000)...)},
		{"key-exchange", long(16, nil), long(12, nil)},
		{"unknown", long(20, nil), long(22, nil)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sessions []*tls.Session
			before := heap()
			for range connections {
				s := tls.New([2]uint64{})
				s.Feed(nil, dissect.Client, tt.client)
				s.Feed(nil, dissect.Server, tt.server)
				sessions = append(sessions, s)
			}
			if got := (heap() - before) / connections; got > most {
				t.Errorf("%d bytes a connection, want at most %d", got, most)
			}
			runtime.KeepAlive(sessions)
		})
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
