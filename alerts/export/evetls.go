package export

import (
	"time"

	"github.com/mailtap/mailtap/dissect"
)

// eveTLS has Suricata's keys. Its fingerprint is left out: that is a SHA-1,
// and Facts hold the SHA-256.
type eveTLS struct {
	Subject   string   `json:"subject,omitempty"`
	Issuer    string   `json:"issuerdn,omitempty"`
	Names     []string `json:"subjectaltname,omitempty"`
	Resumed   bool     `json:"session_resumed,omitempty"`
	SNI       string   `json:"sni,omitempty"`
	Version   string   `json:"version,omitempty"`
	NotBefore string   `json:"notbefore,omitempty"`
	NotAfter  string   `json:"notafter,omitempty"`
	JA3       *eveHash `json:"ja3,omitempty"`
	JA3S      *eveHash `json:"ja3s,omitempty"`
	JA4       string   `json:"ja4,omitempty"`
}

type eveHash struct {
	Hash string `json:"hash"`
}

func newEVETLS(t *dissect.TLSFacts) *eveTLS {
	if t == nil {
		return nil
	}
	out := &eveTLS{
		Resumed: t.Resumed == dissect.Yes, SNI: t.SNI, Version: eveVersion(t.Version),
		JA3: newEVEHash(t.JA3), JA3S: newEVEHash(t.JA3S), JA4: t.JA4,
	}
	if c := t.Certificate; c != nil {
		out.Subject, out.Issuer, out.Names = c.Subject, c.Issuer, c.Names
		out.NotBefore, out.NotAfter = eveSecond(c.NotBefore), eveSecond(c.NotAfter)
	}
	return out
}

func newEVEHash(hash string) *eveHash {
	if hash == "" {
		return nil
	}
	return &eveHash{hash}
}

// eveVersion gives a version Suricata's name.
func eveVersion(name string) string {
	switch name {
	case "":
		return "UNDETERMINED"
	case "SSL 2.0":
		return "SSLv2"
	case "SSL 3.0":
		return "SSLv3"
	case "TLS 1.0":
		return "TLSv1"
	}
	return name
}

// eveSecond writes a certificate's time, which has no zone in EVE; "" for none.
func eveSecond(t int64) string {
	if t == 0 {
		return ""
	}
	return time.Unix(t, 0).UTC().Format("2006-01-02T15:04:05")
}
