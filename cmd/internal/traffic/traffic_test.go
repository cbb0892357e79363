package traffic_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

var kinds = []string{traffic.Mail, traffic.Span, traffic.Logins, traffic.Dirty}

// made is a capture with its truth.
type made struct {
	file    []byte
	truth   []traffic.Credential
	summary traffic.Summary
}

func makeCapture(t testing.TB, o traffic.Options) made {
	t.Helper()
	var m made
	var file bytes.Buffer
	summary, err := traffic.Write(&file, o, func(c traffic.Credential) { m.truth = append(m.truth, c) })
	if err != nil {
		t.Fatal(err)
	}
	m.file, m.summary = file.Bytes(), summary
	return m
}

func TestSameSeedSameCapture(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			o := traffic.Options{Kind: kind, Seed: 7, Bytes: 2_000_000}
			one, two := makeCapture(t, o), makeCapture(t, o)
			if !bytes.Equal(one.file, two.file) {
				t.Error("two captures of one seed differ")
			}
			if diff := cmp.Diff(one.truth, two.truth); diff != "" {
				t.Errorf("truths of one seed differ (-want +got):\n%s", diff)
			}
			o.Seed = 8
			if other := makeCapture(t, o); bytes.Equal(one.file, other.file) {
				t.Error("two seeds give the same capture")
			}
		})
	}
}

// What a seed gives is what other measurements are compared with: a change of
// it should be meant.
func TestKnownCaptures(t *testing.T) {
	got := map[string]string{}
	for _, kind := range kinds {
		m := makeCapture(t, traffic.Options{Kind: kind, Seed: 1, Sessions: 6})
		sum := sha256.Sum256(m.file)
		got[kind] = fmt.Sprintf("%x, %d packets", sum[:4], m.summary.Packets)
	}
	want := map[string]string{
		traffic.Mail:   "6ee88341, 573 packets",
		traffic.Span:   "1762d866, 23657 packets",
		traffic.Logins: "8a3c0e3c, 80 packets",
		traffic.Dirty:  "42d3222d, 910 packets",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const enough = 10_000_000 // from here, the last sessions matter little
	tests := []struct {
		bytes    int64
		sessions int
	}{{bytes: 1}, {bytes: 5000}, {bytes: enough}, {bytes: 2 * enough}, {sessions: 1}, {sessions: 2}, {sessions: 40}}
	for _, kind := range kinds {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s-%d-bytes-%d-sessions", kind, tt.bytes, tt.sessions), func(t *testing.T) {
				m := makeCapture(t, traffic.Options{Kind: kind, Bytes: tt.bytes, Sessions: tt.sessions})
				size := int64(len(m.file))
				if size != m.summary.Bytes || len(m.truth) != m.summary.Credentials {
					t.Errorf("%d bytes and %d credentials, summary %+v", size, len(m.truth), m.summary)
				}
				if tt.sessions > 0 && m.summary.Sessions != tt.sessions {
					t.Errorf("%d sessions, want %d", m.summary.Sessions, tt.sessions)
				}
				if size < tt.bytes*9/10 || tt.bytes >= enough && size > tt.bytes*11/10 {
					t.Errorf("%d bytes, want about %d", size, tt.bytes)
				}
				if m.summary.Sessions < 1 {
					t.Error("no mail session")
				}
			})
		}
	}
}

// Memory does not grow with the file, which has about 250 MB.
func TestDefaultOfLogins(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const enough = 40 << 20
	found := 0
	summary, err := traffic.Write(io.Discard, traffic.Options{Kind: traffic.Logins}, func(traffic.Credential) {
		if found++; found%20_000 != 0 {
			return
		}
		var m runtime.MemStats
		runtime.GC()
		if runtime.ReadMemStats(&m); m.HeapAlloc > enough {
			t.Errorf("%d bytes in use after %d log-ins", m.HeapAlloc, found)
		}
	})
	if err != nil || summary.Sessions != traffic.DefaultSessions || summary.Credentials != found || found != traffic.DefaultSessions {
		t.Errorf("%d found, %+v, %v", found, summary, err)
	}
	if summary.Bytes < 4*enough {
		t.Errorf("%d bytes are too few to tell", summary.Bytes)
	}
}

func TestBadOptions(t *testing.T) {
	tests := []struct {
		name string
		o    traffic.Options
		want string
	}{
		{"no-kind", traffic.Options{}, `kind ""`},
		{"unknown-kind", traffic.Options{Kind: "news"}, `kind "news"`},
		{"negative-bytes", traffic.Options{Kind: traffic.Mail, Bytes: -1}, "negative"},
		{"negative-sessions", traffic.Options{Kind: traffic.Mail, Sessions: -1}, "negative"},
		{"both", traffic.Options{Kind: traffic.Mail, Bytes: 1, Sessions: 1}, "only one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var file bytes.Buffer
			_, err := traffic.Write(&file, tt.o, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || file.Len() > 0 {
				t.Errorf("error %v, want %q; %d bytes written", err, tt.want, file.Len())
			}
		})
	}
}

// full is a disk with room for some writes.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	if f.left == 0 {
		return 0, errFull
	}
	f.left--
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	for _, room := range []int{0, 1, 3} {
		summary, err := traffic.Write(&full{room}, traffic.Options{Kind: traffic.Mail, Bytes: 1e12}, nil)
		if !errors.Is(err, errFull) || summary.Bytes > int64(room+2)<<20 {
			t.Errorf("room for %d writes: error %v after %d bytes", room, err, summary.Bytes)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind, func(b *testing.B) {
			const size = 64 << 20
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := traffic.Write(io.Discard, traffic.Options{Kind: kind, Bytes: size}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
