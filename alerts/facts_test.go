package alerts_test

import (
	"encoding/base64"
	"net/netip"

	"github.com/mailtap/mailtap/dissect"
)

const password = "Xy7-hunter2"

// urlauth is a URL that lets whoever has it read a message (RFC 4467).
const (
	urlToken = "internal:91354a473744909de610943775f92038"
	urlauth  = "imap://joe@example.com/INBOX/;uid=20;urlauth=anonymous:" + urlToken
)

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
			Chain:       []dissect.Certificate{{Subject: password, Issuer: password, Names: []string{password}}},
		},
		Signs: &dissect.Signs{
			Contradicted: &dissect.Offer{Mechanisms: []string{"X-" + password}, Quote: echo},
			MaskedBanner: &dissect.Quote{Side: dissect.Server, Text: "220 ****** " + password},
			OddEnd:       &dissect.Quote{Text: "." + password},
			Turn:         &dissect.Turn{Verb: "ETRN", Quotes: []dissect.Quote{plain, echo}},
			Tests:        dissect.Tests{VRFY: 1, Quotes: []dissect.Quote{{Text: "VRFY " + password}}},
			URLs: []dissect.Token{{
				User: "joe", Secret: dissect.NewSecret([]byte(urlToken)),
				Quote: dissect.Quote{Text: "C: " + urlauth, Hide: dissect.Span{From: len(urlauth) + 3 - len(urlToken), To: len(urlauth) + 3}},
			}},
			Overlaps:   []dissect.Overlap{{First: plain, Again: echo}},
			RealClient: password,
			ClientID:   []dissect.Pair{{Key: password, Value: urlToken}},
			ServerID:   []dissect.Pair{{Key: "name", Value: password}},
		},
		Transcript: []dissect.Quote{plain, echo, {Text: auth, Hide: dissect.Span{From: 11, To: len(auth)}}, {Text: "again " + urlauth}},
	}
}
