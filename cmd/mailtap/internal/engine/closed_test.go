package engine_test

import (
	"testing"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/dissect"
)

// A server that closes is known to have closed before the client's next packet,
// which is an alert about that.
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
		if len(w.all) != 1 || w.all[0].TLS == nil || w.all[0].TLS.Alert != "unexpected_message" || w.all[0].TLS.Forsaken != closes {
			t.Errorf("server closes %v: %+v", closes, w.all)
		}
	}
}

// A password that was on its way when the server reset the connection has crossed
// the network.
func TestSentIntoReset(t *testing.T) {
	w := newWire(110)
	w.open()
	w.talk("S: +OK\nC: USER joe\nS: +OK\n")
	w.packet(dissect.Server, decode.ACK|decode.RST, w.said[dissect.Server], "")
	w.now += 200e6
	w.talk("C: PASS myPassword\n")
	w.engine.Flush()
	if len(w.all) != 1 || len(w.all[0].Auth) != 1 || w.all[0].Auth[0].Account != "joe" {
		t.Errorf("%+v", w.all)
	}
}
