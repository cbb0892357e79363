package engine_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

// What is found does not depend on what the frames are wrapped in: Wi-Fi in
// monitor mode, macOS's own header, JunOS.
func TestLinksTellTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	links := map[string]func(p *capture.Packet){
		"radiotap": func(p *capture.Packet) {
			frame := []byte("\x00\x00\x09\x00\x02\x00\x00\x00\x10" + "\x88\x02\x2c\x00")
			frame = append(frame, p.Data[:12]...)
			frame = append(frame, "\x02\x00\x00\x00\x00\x03\x10\x00\x00\x00\xaa\xaa\x03\x00\x00\x00"...)
			wrap(p, capture.LinkRadiotap, append(frame, p.Data[12:]...))
		},
		"pktap": func(p *capture.Packet) {
			wrap(p, capture.LinkPKTAP, append([]byte("\x0c\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"), p.Data...))
		},
		"juniper": func(p *capture.Packet) {
			wrap(p, capture.LinkJuniper, append([]byte("MGC\x81\x00\x02\x01\x00"), p.Data...))
		},
	}
	for name, packets := range sampleFiles(t) {
		ethernet := !slices.ContainsFunc(packets, func(p capture.Packet) bool { return p.Link != capture.LinkEthernet })
		if !ethernet {
			continue
		}
		want := claims(factsOf(packets))
		for link, change := range links {
			wrapped := slices.Clone(packets)
			for i := range wrapped {
				change(&wrapped[i])
			}
			if diff := cmp.Diff(want, claims(factsOf(wrapped)), cmp.AllowUnexported(said{})); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, link, diff)
			}
		}
	}
}

// wrap gives p another frame, which is longer.
func wrap(p *capture.Packet, link capture.LinkType, frame []byte) {
	p.Length += len(frame) - len(p.Data)
	p.Link, p.Data = link, frame
}
