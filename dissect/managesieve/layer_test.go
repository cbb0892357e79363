package managesieve_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/managesieve"
)

// accepted returns a session in which an exchange has just been accepted that
// a layer may follow.
func accepted(f *dissect.Facts) *managesieve.Session {
	s := managesieve.New([2]uint64{}, false)
	response := base64.StdEncoding.EncodeToString([]byte(`username="joe",qop=auth-conf,response=00`))
	feed(s, f, dissect.Server, "OK\r\n")
	feed(s, f, dissect.Client, "AUTHENTICATE \"DIGEST-MD5\"\r\n")
	feed(s, f, dissect.Server, "\"bm9uY2U=\"\r\n")
	feed(s, f, dissect.Client, fmt.Sprintf("%q\r\n", response))
	feed(s, f, dissect.Server, "OK\r\n")
	return s
}

func TestLayer(t *testing.T) {
	dialogue.Layers(t, machine, dialogue.LayerWords{
		Greeting: "\"SASL\" \"GSS-SPNEGO PLAIN\"\r\nOK\r\n", LogIn: "AUTHENTICATE \"GSS-SPNEGO\" \"eA==\"\r\n",
		Accepted: "OK\r\n", Refused: "NO\r\n", Again: "AUTHENTICATE \"PLAIN\" \"AGpvZQBodW50ZXIyMg==\"\r\n",
	})
}

// All bytes of a layer are taken, and nothing is kept or said.
func TestLayerAllocatesNothing(t *testing.T) {
	var f dissect.Facts
	s := accepted(&f)
	feed(s, &f, dissect.Server, "\x00\x00\x10\x00")
	var events []dissect.Event
	n := testing.AllocsPerRun(100, func() {
		var taken int
		if events, taken = s.Feed(events[:0], dissect.Client, script); taken != len(script) || len(events) > 0 {
			t.Errorf("took %d of %d bytes, gave %d events", taken, len(script), len(events))
		}
	})
	if n > 0 || s.Need() != dissect.NeedNothing {
		t.Errorf("%v allocations, needs %v", n, s.Need())
	}
}

// The lines of both sides are recorded, literals of a log-in too, and no
// script.
func TestRecord(t *testing.T) {
	s, f := managesieve.New([2]uint64{}, false), dissect.Facts{}
	d := new(dissect.Room).New()
	s.Record(d)
	feed(s, &f, dissect.Server, "OK\r\n")
	feed(s, &f, dissect.Client, "AUTHENTICATE \"PLAIN\" {20+}\r\nAGpvZQBodW50ZXIyMg==\r\n")
	feed(s, &f, dissect.Server, "OK\r\n")
	feed(s, &f, dissect.Client, "PUTSCRIPT \"a\" {7+}\r\nkeep;\r\n\r\n")
	feed(s, &f, dissect.Server, "NO {2}\r\nno\r\n")
	var got []string
	for _, l := range d.Lines() {
		got = append(got, fmt.Sprintf("%s %d %s", l.Side, l.Start, d.Text(&l)))
	}
	want := []string{
		"server 0 OK", `client 0 AUTHENTICATE "PLAIN" {20+}`, "client 28 AGpvZQBodW50ZXIyMg==", "client 48 ",
		"server 4 OK", `client 50 PUTSCRIPT "a" {7+}`, "client 77 ", "server 8 NO {2}", "server 18 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHurtLayers(t *testing.T) { dialogue.HurtFrames(t, "testdata", machine) }
