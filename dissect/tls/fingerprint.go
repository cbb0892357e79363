package tls

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// grease tells the values that clients send to keep servers tolerant (RFC
// 8701, section 2).
func grease(n uint16) bool { return n&0x0f0f == 0x0a0a && n>>8 == n&0xff }

// noGrease returns list without them.
func noGrease(list []uint16) []uint16 { return slices.DeleteFunc(slices.Clone(list), grease) }

// ja3 gives the client's JA3: the MD5 of its version, suites, extensions,
// groups and point formats in decimal.
func ja3(h *hello) string {
	points := make([]uint16, len(h.points))
	for i, p := range h.points {
		points[i] = uint16(p)
	}
	return md5Hex(strings.Join([]string{
		strconv.Itoa(int(h.version)), decimals(noGrease(h.suites)), decimals(noGrease(h.extensions)),
		decimals(noGrease(h.groups)), decimals(points),
	}, ","))
}

// ja3s gives the server's JA3S: the MD5 of its version, suite and extensions.
func ja3s(h *hello) string {
	return md5Hex(strings.Join([]string{
		strconv.Itoa(int(h.legacy)), strconv.Itoa(int(h.suite)), decimals(noGrease(h.extensions)),
	}, ","))
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func decimals(list []uint16) string {
	var b []byte
	for i, n := range list {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(b)
}

// ja4 gives the client's JA4 as FoxIO specifies it: a readable part, then
// hashes of the sorted suites and of the sorted extensions with the signature
// algorithms.
func ja4(h *hello) string {
	suites, extensions := noGrease(h.suites), noGrease(h.extensions)
	name := 'i'
	if h.hasName {
		name = 'd'
	}
	a := fmt.Sprintf("t%s%c%02d%02d%s", ja4Version(h), name, min(len(suites), 99), min(len(extensions), 99), ja4Protocol(h.protocol))

	slices.Sort(suites)
	extensions = slices.DeleteFunc(extensions, func(e uint16) bool { return e == extServerName || e == extALPN })
	slices.Sort(extensions)
	c := hexes(extensions)
	if signatures := noGrease(h.signatures); len(signatures) > 0 {
		c += "_" + hexes(signatures)
	}
	return a + "_" + shortHash(hexes(suites)) + "_" + shortHash(c)
}

// ja4Version names the highest version that the client offers.
func ja4Version(h *hello) string {
	highest := h.version
	if offered := noGrease(h.versions); len(offered) > 0 {
		highest = slices.Max(offered)
	}
	switch highest {
	case ssl30:
		return "s3"
	case tls10:
		return "10"
	case tls11:
		return "11"
	case tls12:
		return "12"
	case tls13:
		return "13"
	}
	return "00"
}

// ja4Protocol gives the first and the last character of an ALPN name, or of
// its hexadecimal form where one of them is no letter or digit.
func ja4Protocol(name string) string {
	if name == "" {
		return "00"
	}
	if !alphanumeric(name[0]) || !alphanumeric(name[len(name)-1]) {
		name = hex.EncodeToString([]byte(name))
	}
	return name[:1] + name[len(name)-1:]
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func hexes(list []uint16) string {
	var b []byte
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, hex.EncodeToString([]byte{byte(n >> 8), byte(n)})...)
	}
	return string(b)
}

// shortHash is the beginning of a SHA-256, zeros where there is nothing.
func shortHash(s string) string {
	if s == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
