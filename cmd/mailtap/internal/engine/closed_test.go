package engine_test

import (
	"testing"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/dissect"
)

// The side that closed first has ended the handshake, whatever alert the other
// sends about that.
func TestClosedFirst(t *testing.T) {
	const hello, alert = "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", "\x15\x03\x03\x00\x02\x02\x0a"
	for _, closes := range []bool{false, true} {
		w := newWire(993)
		w.open()
		w.say(dissect.Client, hello)
		if closes {
			w.packet(dissect.Server, decode.ACK|decode.FIN, 0, "")
		}
		w.say(dissect.Client, alert)
		w.engine.Flush()
		want, side := "unexpected_message", dissect.Client
		if closes {
			want, side = dissect.ClosedFirst, dissect.Server
		}
		if len(w.all) != 1 || w.all[0].TLS == nil || w.all[0].TLS.Alert != want || w.all[0].TLS.AlertSide != side {
			t.Errorf("server closes %v: %+v", closes, w.all)
		}
	}
}
