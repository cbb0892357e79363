package tls_test

import (
	"crypto/md5"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
)

// points is the content of ec_point_formats: uncompressed only.
var points = []byte{1, 0}

// browser is the hello that the JA4 specification takes as its example, with
// GREASE at its usual places.
func browser() clientHello {
	return clientHello{
		version: 0x0303,
		suites: []uint16{
			0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
		},
		extensions: slices.Concat(
			empty(0x3a3a, 0x001b), []extension{{0, serverName("example.net")}}, empty(0x0033),
			[]extension{{16, protocols("h2", "http/1.1")}}, empty(0x4469, 0x0017, 0x002d),
			[]extension{{13, list16(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)}},
			empty(0x0005, 0x0023, 0x0012), []extension{{43, versions(0xaaaa, 0x0304, 0x0303)}},
			empty(0xff01), []extension{{11, points}, {10, list16(0x1a1a, 29, 23, 24)}}, empty(0x0015, 0x7a7a)),
	}
}

func TestJA4(t *testing.T) {
	tests := []struct {
		name   string
		change func(*clientHello)
		want   string
	}{
		{"the-example-of-the-specification", func(c *clientHello) {}, "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{
			"no-signature-algorithms", // and neither ALPN nor SNI, which are not hashed
			func(c *clientHello) {
				c.extensions = empty(0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015)
				for i, e := range c.extensions {
					switch e.kind {
					case 10, 13:
						c.extensions[i].data = list16()
					case 11, 43:
						c.extensions[i].data = []byte{0}
					}
				}
			},
			"t12i151400_8daaf6152771_6d807ffa2a79",
		},
		{
			"libressl", // of FoxIO's tests: ipv6.pcapng
			func(c *clientHello) {
				*c = clientHello{version: 0x0303, suites: []uint16{
					0xc030, 0xc02c, 0xc028, 0xc024, 0xc014, 0xc00a, 0x009f, 0x006b, 0x0039, 0xcca9, 0xcca8, 0xccaa,
					0xff85, 0x00c4, 0x0088, 0x0081, 0x009d, 0x003d, 0x0035, 0x00c0, 0x0084, 0xc02f, 0xc02b, 0xc027,
					0xc023, 0xc013, 0xc009, 0x009e, 0x0067, 0x0033, 0x00be, 0x0045, 0x009c, 0x003c, 0x002f, 0x00ba,
					0x0041, 0xc011, 0xc007, 0x0005, 0x0004, 0xc012, 0xc008, 0x0016, 0x000a, 0x00ff,
				}, extensions: []extension{
					{0, serverName("a.example")}, {11, points}, {10, list16(29)}, {13, list16(
						0x0601, 0x0603, 0xefef, 0x0501, 0x0503, 0x0401, 0x0403, 0xeeee, 0xeded, 0x0301, 0x0303, 0x0201,
						0x0203,
					)}, {16, protocols("h2", "http/1.1")},
				}}
			},
			"t12d4605h2_85626a9a5f7f_aaf95bb78ec9",
		},
		{
			"grease-among-the-signature-algorithms", // of FoxIO's tests: sigalg-grease.pcapng
			func(c *clientHello) {
				*c = clientHello{version: 0x0303, suites: []uint16{
					0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
					0x009d, 0x002f, 0x0035,
				}, extensions: slices.Concat(
					empty(0x2a2a, 0xfe0d), []extension{{16, protocols("h2", "http/1.1")}}, empty(0x0017, 0x0033, 0x44cd, 0xff01),
					[]extension{{10, list16(29)}, {13, list16(
						0x3a3a, 0x0904, 0x0905, 0x0906, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
					)}}, empty(0x0023), []extension{{43, versions(0x4a4a, 0x0304, 0x0303)}, {11, points}},
					empty(0xca34, 0x002d), []extension{{0, serverName("a.example")}}, empty(0x0005, 0x001b, 0x0012, 0x5a5a),
				)}
			},
			"t13d1517h2_8daaf6152771_cb7bf5808d99",
		},
		{"nothing", func(c *clientHello) { *c = clientHello{version: 0x0301} }, "t10i000000_000000000000_000000000000"},
		{"ssl-3.0", func(c *clientHello) { *c = clientHello{version: 0x0300} }, "ts3i000000_000000000000_000000000000"},
		{
			"more-than-99",
			func(c *clientHello) {
				*c = clientHello{version: 0x0302}
				for i := range uint16(120) {
					c.suites = append(c.suites, i)
					c.extensions = append(c.extensions, extension{0x1000 + i, nil})
				}
			},
			"t11i999900_",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hello := browser()
			tt.change(&hello)
			if got := factsOf(t, dissect.Client, hello.record()).JA4; !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestJA4Protocol(t *testing.T) {
	for name, want := range map[string]string{
		"h2": "h2", "http/1.1": "h1", "imap": "ip", "h": "hh", "\xab": "ab", "\xab\xcd": "ad", "0\xab": "3b", "01\xab\xcd": "3d",
		"0\xab1": "01", "_x": "58",
	} {
		hello := clientHello{version: 0x0303, extensions: []extension{{16, protocols(name)}}}
		if got := factsOf(t, dissect.Client, hello.record()).JA4[8:10]; got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestJA3(t *testing.T) {
	tests := []struct {
		name  string
		hello clientHello
		want  string
	}{
		{
			"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
			clientHello{0x0301, []uint16{47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4}, []extension{
				{0, serverName("a")}, {10, list16(23, 24, 25)}, {11, points},
			}},
			"ada70206e40642a3e4461f35503241d5",
		},
		{
			"769,4-5-10-9-100-98-3-6-19-18-99,,,",
			clientHello{0x0301, []uint16{4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}, nil},
			"de350869b8c85de67a350c8d186f11e6",
		},
		{
			"771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53," +
				"45-51-16-65037-23-17613-0-11-10-43-65281-35-18-5-13-27,4588-29-23-24,0", // with GREASE
			clientHello{
				0x0303,
				[]uint16{0x5a5a, 4865, 4866, 4867, 49195, 49199, 49196, 49200, 52393, 52392, 49171, 49172, 156, 157, 47, 53},
				slices.Concat(empty(0xfafa, 45, 51), []extension{{16, protocols("h2")}}, empty(65037, 23, 17613),
					[]extension{{0, serverName("a")}, {11, points}, {10, list16(0xcaca, 4588, 29, 23, 24)}, {43, versions(0x0304)}},
					empty(65281, 35, 18, 5), []extension{{13, list16(0x0403)}}, empty(27, 0x0a0a)),
			},
			"98487aa16281980e7d1120d399efb6a4",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := factsOf(t, dissect.Client, tt.hello.record()).JA3; got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestJA3S(t *testing.T) {
	hello := serverHello{0x0301, 47, empty(65281, 0, 11, 35, 5, 16)}
	hello.extensions[5].data = protocols("imap")
	tests := []struct {
		text  string
		hello serverHello
	}{
		{"769,47,65281-0-11-35-5-16", hello},
		{"768,5,", serverHello{0x0300, 5, nil}},
		{"771,4865,43-51", serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}, {51, []byte{0, 29}}}}},
	}
	for _, tt := range tests {
		want := fmt.Sprintf("%x", md5.Sum([]byte(tt.text)))
		if got := factsOf(t, dissect.Server, tt.hello.record()).JA3S; got != want {
			t.Errorf("%s: %s, want %s", tt.text, got, want)
		}
	}
}
