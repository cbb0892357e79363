package tls

import "fmt"

// The groups that are more than a name here.
const (
	ffdhe2048           = 256 // RFC 7919, section 2
	ffdhe3072           = 257
	ffdhe4096           = 258
	ffdhe6144           = 259
	ffdhe8192           = 260
	explicitPrimeCurves = 0xff01 // RFC 8422, section 5.1.1
	explicitChar2Curves = 0xff02
)

// lowGroups are the groups 1 to 41 of the IANA registry "TLS Supported Groups".
var lowGroups = [...]string{
	1: "sect163k1", "sect163r1", "sect163r2", "sect193r1", "sect193r2", "sect233k1", "sect233r1", "sect239k1",
	"sect283k1", "sect283r1", "sect409k1", "sect409r1", "sect571k1", "sect571r1", "secp160k1", "secp160r1",
	"secp160r2", "secp192k1", "secp192r1", "secp224k1", "secp224r1", "secp256k1", "secp256r1", "secp384r1",
	"secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "x25519", "x448", "brainpoolP256r1tls13",
	"brainpoolP384r1tls13", "brainpoolP512r1tls13", "GC256A", "GC256B", "GC256C", "GC256D", "GC512A", "GC512B",
	"GC512C", "curveSM2",
}

// groupName gives a group its name in the registry, or its number.
func groupName(n uint16) string {
	if n > 0 && int(n) < len(lowGroups) {
		return lowGroups[n]
	}
	switch n {
	case ffdhe2048:
		return "ffdhe2048"
	case ffdhe3072:
		return "ffdhe3072"
	case ffdhe4096:
		return "ffdhe4096"
	case ffdhe6144:
		return "ffdhe6144"
	case ffdhe8192:
		return "ffdhe8192"
	case 512:
		return "MLKEM512"
	case 513:
		return "MLKEM768"
	case 514:
		return "MLKEM1024"
	case 4587:
		return "SecP256r1MLKEM768"
	case 4588:
		return "X25519MLKEM768"
	case 4589:
		return "SecP384r1MLKEM1024"
	case 4590:
		return "curveSM2MLKEM768"
	case 25497: // in use before it had a standard
		return "X25519Kyber768Draft00"
	case 25498:
		return "SecP256r1Kyber768Draft00"
	case explicitPrimeCurves:
		return "arbitrary_explicit_prime_curves"
	case explicitChar2Curves:
		return "arbitrary_explicit_char2_curves"
	}
	return fmt.Sprintf("0x%04X", n)
}

// primeSize gives the size of a group of RFC 7919, 0 for a curve.
func primeSize(group uint16) int {
	switch group {
	case ffdhe2048:
		return 2048
	case ffdhe3072:
		return 3072
	case ffdhe4096:
		return 4096
	case ffdhe6144:
		return 6144
	case ffdhe8192:
		return 8192
	}
	return 0
}
