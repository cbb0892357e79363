package alerts_test

import (
	"encoding/base64"
	"net/netip"

	"github.com/mailtap/mailtap/dissect"
)

const password = "Xy7-hunter2"

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// leaky returns Facts with the password in every text that may hold it.
func leaky() *dissect.Facts {
	response := b64("\x00joe\x00" + password)
	auth := "AUTH PLAIN " + response
	echo := dissect.Quote{Side: dissect.Server, Text: "501 unknown: " + auth}
	plain := dissect.Quote{Text: "say " + password + " aloud"}
	return &dissect.Facts{
		Protocol: dissect.SMTP,
		Client:   netip.MustParseAddrPort("10.0.0.5:40122"),
		Server:   netip.MustParseAddrPort("10.0.0.9:25"),
		Files:    []string{"a.pcap"},
		VLAN:     []uint16{12},
		Tunnel:   []string{"gre"},
		Banner:   "mx1 says " + password,
		Hello:    password + ".example",
		HasHello: true,
		Offer:    dissect.Offer{Complete: true, Mechanisms: []string{"PLAIN", "X-" + password}, Quote: echo},
		STARTTLS: dissect.StartTLSFacts{Quotes: []dissect.Quote{plain, echo}},
		Auth: []*dissect.Attempt{
			{
				Mechanism: "PLAIN", Account: "joe", HasAccount: true, Secret: dissect.NewSecret([]byte(password)),
				Detail: []dissect.Pair{{Key: "authzid", Value: password}, {Key: "domain", Value: password}},
				Quotes: []dissect.Quote{{Text: auth, Hide: dissect.Span{From: 11, To: len(auth)}}, echo},
			},
			{Mechanism: "X-" + password, Quotes: []dissect.Quote{{Text: "AUTH X-" + password}}},
		},
		Messages: []*dissect.Message{{
			From: password + "@x.example", HasFrom: true, To: []string{"b@" + password},
			Subject: "my password: " + password, HasSubject: true,
			Quotes: []dissect.Quote{{Text: "MAIL FROM:<a@x.example> AUTH=" + b64("A"+password)}},
		}},
		MailCommand: &dissect.Quote{Text: "MAIL FROM:<" + password + ">"},
		Preauth:     &dissect.Quote{Text: password},
		Injected:    &dissect.Quote{Text: password + password},
		TLS: &dissect.TLSFacts{
			SNI: password, ALPN: password,
			Certificate: &dissect.Certificate{Subject: password, Issuer: password, Names: []string{password}},
		},
	}
}
