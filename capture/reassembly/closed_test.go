package reassembly_test

import (
	"slices"
	"testing"

	"github.com/mailtap/mailtap/capture/reassembly"
)

// A direction is closed when all of it was given, and not before.
func TestClosed(t *testing.T) {
	for _, tt := range []struct {
		name, lines string
		want        []bool // of the server, at each call with data
	}{
		{"without a word", "C @0 hello ack=0\nS @0 FIN ack=5\nC @5 alert ack=1", []bool{false, true}},
		{"behind its words", "C @0 hello ack=0\nS @0 220 ack=5\nS @3 FIN ack=5\nC @5 alert ack=4", []bool{false, false, true}},
		{"bytes before it are missing", "C @0 hello ack=0\nS @3 FIN ack=5\nC @5 alert ack=0", []bool{false, false}},
	} {
		var got []bool
		table := reassembly.New(reassembly.Limits{}, &hook{func(call string, f *reassembly.Flow) {
			if call == "data" {
				got = append(got, f.Closed(1))
			}
		}})
		play(t, table, &script{}, handshake+tt.lines)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
