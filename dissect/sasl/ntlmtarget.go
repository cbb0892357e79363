package sasl

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
)

// The names in the target information of a type 2 message, by the numbers of
// [MS-NLMP], section 2.2.2.1.
const (
	avEnd             = 0
	avComputer        = 1
	avDomain          = 2
	avComputerDNS     = 3
	avDomainDNS       = 4
	avForest          = 5
	avNames           = 6  // one more than the last of them
	maxTargetInfo     = 32 // pairs that are looked at; servers send six or seven
	ntlmTargetName    = 12 // where the message describes its fields
	ntlmTargetInfo    = 40
	ntlmChallengeBase = 24 // bytes up to the end of the flags and no further
)

// ntlmChallenge reads a type 2 message (section 2.2.1.2), also one that SPNEGO
// has wrapped: its flags, and the names of the server and its domain, which it
// tells to anyone who asks.
func (x *Exchange) ntlmChallenge(message []byte) {
	message = message[max(0, bytes.Index(message, ntlmSignature)):]
	if kind, _ := ntlmType(message); kind != ntlmChallenge || len(message) < ntlmChallengeBase {
		return
	}
	x.ntlm = binary.LittleEndian.Uint32(message[20:])
	text := Text
	if x.ntlm&ntlmUnicode != 0 {
		text = utf16Words
	}
	x.detail("target", text(ntlmField(message, ntlmTargetName)))
	names := targetNames(ntlmField(message, ntlmTargetInfo))
	x.detail("target-computer", better(names[avComputerDNS], names[avComputer]))
	x.detail("target-domain", better(names[avDomainDNS], names[avDomain]))
	if names[avForest] != names[avDomainDNS] {
		x.detail("target-forest", names[avForest])
	}
}

// better returns the name in DNS, or else that in NetBIOS.
func better(dns, netbios string) string {
	if dns != "" {
		return dns
	}
	return netbios
}

// targetNames reads pairs of number, length and value, up to the one that ends
// them. Their text is Unicode whatever the flags say.
func targetNames(info cryptobyte.String) (names [avNames]string) {
	for range maxTargetInfo {
		var head, value []byte
		if !info.ReadBytes(&head, 4) {
			break
		}
		id, size := binary.LittleEndian.Uint16(head), int(binary.LittleEndian.Uint16(head[2:]))
		if id == avEnd || !info.ReadBytes(&value, size) {
			break
		}
		if id < avNames {
			names[id] = utf16Words(value)
		}
	}
	return names
}
