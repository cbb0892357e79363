package sinks_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
	"github.com/mailtap/mailtap/dissect"
)

// start is 2026-01-02 03:04:05.123456789 UTC.
const start = 1767323045_123456789

// certificates is the folder of ca.pem, which the system trusts while the tests
// run, and of cert.pem and key.pem for 127.0.0.1.
var certificates string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "mailtap-sinks")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		certificates = dir
		makeCertificates(dir)
		os.Setenv("SSL_CERT_FILE", filepath.Join(dir, "ca.pem"))
		return m.Run()
	}())
}

func makeCertificates(dir string) {
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "receiver"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	authorityKey, key := newKey(), newKey()
	writePEM(dir, "ca.pem", "CERTIFICATE", sign(authority, authority, authorityKey, authorityKey))
	writePEM(dir, "cert.pem", "CERTIFICATE", sign(server, authority, key, authorityKey))
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	writePEM(dir, "key.pem", "PRIVATE KEY", raw)
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func sign(c, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) []byte {
	raw, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, byKey)
	if err != nil {
		panic(err)
	}
	return raw
}

func writePEM(dir, name, kind string, raw []byte) {
	if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		panic(err)
	}
}

func catalogue(string) export.Rule { return export.Rule{Group: "credential"} }

// result is a session with one finding.
func result(account string) alerts.Result {
	f := &dissect.Facts{
		Protocol: dissect.SMTP, VLAN: []uint16{12}, Start: start,
		Client: netip.MustParseAddrPort("10.0.0.5:40122"), Server: netip.MustParseAddrPort("[2001:db8::9]:25"),
		Auth: []*dissect.Attempt{{Mechanism: "LOGIN", Account: account, HasAccount: true}},
	}
	id := alerts.NewSessionID(f)
	return alerts.Result{
		Session: alerts.Session{ID: id, Facts: f, Verdict: alerts.Exposed},
		Findings: []alerts.Finding{{
			ID: alerts.NewFindingID(id, "base64-password", account), Rule: "base64-password", Severity: alerts.High,
			Blame: alerts.BlameClient, Session: id, Time: start, Protocol: dissect.SMTP, Client: f.Client, Server: f.Server,
			Account: account, HasAccount: true, Title: "password sent in BASE64", Why: "SMTP with LOGIN",
			Evidence: []alerts.Evidence{{Session: id, Packet: 17, Time: start, Text: "AUTH LOGIN " + alerts.Mask}},
		}},
	}
}

// open opens sinks whose remarks are only logged.
func open(t *testing.T, o sinks.Options) *sinks.Sinks {
	t.Helper()
	o.Rules = catalogue
	if o.Say == nil {
		o.Say = t.Logf
	}
	s, err := sinks.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waiting until %s", what)
		}
	}
}

// eveLines is what a list of results is as EVE.
func eveLines(t *testing.T, list ...alerts.Result) string {
	t.Helper()
	var b bytes.Buffer
	w := export.NewEVE(&b, catalogue)
	for i := range list {
		for k := range list[i].Findings {
			if err := w.Finding(&list[i].Findings[k], &list[i].Session); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.String()
}

// accounts returns results of accounts that are numbered.
func accounts(n int) []alerts.Result {
	list := make([]alerts.Result, n)
	for i := range list {
		list[i] = result(fmt.Sprintf("joe%d", i))
	}
	return list
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
