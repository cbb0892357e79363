package export

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// EVE writes findings as alerts in Suricata's EVE format: one JSON object a
// line, what is not known left out. Source is the client and destination the
// server, whoever sent the telling line. What EVE has no key for stands in
// alert.metadata, under keys that begin with "mailtap_".
type EVE struct {
	lines *JSONL
	rules Rules
}

// NewEVE returns a writer to w. Each finding is one Write.
func NewEVE(w io.Writer, rules Rules) *EVE { return &EVE{NewJSONL(w), rules} }

// eveTime is Suricata's form of a time.
const eveTime = "2006-01-02T15:04:05.000000-0700"

type eveObject struct {
	Timestamp   string   `json:"timestamp"`
	FlowID      uint64   `json:"flow_id"`
	PcapCount   uint64   `json:"pcap_cnt,omitempty"`
	PcapFile    string   `json:"pcap_filename,omitempty"`
	EventType   string   `json:"event_type"`
	VLAN        []uint16 `json:"vlan,omitempty"`
	SourceIP    string   `json:"src_ip,omitempty"`
	SourcePort  uint16   `json:"src_port,omitempty"`
	DestIP      string   `json:"dest_ip,omitempty"`
	DestPort    uint16   `json:"dest_port,omitempty"`
	Proto       string   `json:"proto"`
	CommunityID string   `json:"community_id,omitempty"`
	AppProto    string   `json:"app_proto,omitempty"`
	Alert       eveAlert `json:"alert"`
	TLS         *eveTLS  `json:"tls,omitempty"`
	Payload     string   `json:"payload_printable,omitempty"`
}

type eveAlert struct {
	Action      string              `json:"action"`
	GID         int                 `json:"gid"`
	SignatureID uint32              `json:"signature_id"`
	Rev         int                 `json:"rev"`
	Signature   string              `json:"signature"`
	Category    string              `json:"category"`
	Severity    int                 `json:"severity"`
	Metadata    map[string][]string `json:"metadata"`
}

// Finding writes a finding. s is its session, for what the finding does not
// say: TLS and VLAN; nil leaves them out.
func (e *EVE) Finding(f *alerts.Finding, s *alerts.Session) error {
	out := &eveObject{
		Timestamp: time.Unix(0, f.Time).UTC().Format(eveTime), FlowID: flowID(f.Session), EventType: "alert",
		SourceIP: address(f.Client), SourcePort: f.Client.Port(), DestIP: address(f.Server), DestPort: f.Server.Port(),
		Proto: "TCP", CommunityID: communityID(f.Client, f.Server), AppProto: f.Protocol.String(),
		Payload: strings.Join(spoken(f), "\n"),
		Alert: eveAlert{
			Action: "allowed", GID: 1, SignatureID: signatureID(f.Rule), Rev: 1, Signature: f.Title,
			Category: e.rules(f.Rule).Group, Severity: eveSeverity[f.Severity], Metadata: eveMetadata(f),
		},
	}
	if at := packetOf(f); at != nil {
		out.PcapCount, out.PcapFile = at.Packet, at.File
	}
	if s != nil {
		out.VLAN, out.TLS = s.Facts.VLAN, newEVETLS(s.Facts.TLS)
	}
	return e.lines.write(out)
}

// eveSeverity: 1 is the worst. Consoles know 1 to 4.
var eveSeverity = [...]int{alerts.Info: 4, alerts.Low: 4, alerts.Medium: 3, alerts.High: 2, alerts.Critical: 1}

// Signature ids lie within Suricata's range for local use (1000000 to 1999999),
// above the first ones, which admins give to rules of their own.
const (
	firstSignature = 1_100_000
	signatures     = 900_000
)

// signatureID numbers a rule by its id, so that a rule keeps its number
// whatever else is in the catalogue.
func signatureID(rule string) uint32 {
	h := fnv.New32a()
	io.WriteString(h, rule)
	return firstSignature + h.Sum32()%signatures
}

// flowID is the same for all findings of a session. Suricata's have 51 bits,
// which JavaScript still reads exactly.
func flowID(id alerts.SessionID) uint64 { return binary.BigEndian.Uint64(id[:]) & (1<<51 - 1) }

func eveMetadata(f *alerts.Finding) map[string][]string {
	m := map[string][]string{
		"mailtap_rule": {f.Rule}, "mailtap_severity": {f.Severity.String()}, "mailtap_blame": {f.Blame.String()},
		"mailtap_finding": {f.ID.String()}, "mailtap_case": {f.Case.String()}, "mailtap_session": {f.Session.String()},
	}
	if f.HasAccount {
		m["mailtap_account"] = []string{f.Account}
	}
	if f.Why != "" {
		m["mailtap_why"] = []string{f.Why}
	}
	if len(f.Detail) > 0 {
		m["mailtap_detail"] = details(f)
	}
	return m
}

// details lists a finding's detail as "key=value".
func details(f *alerts.Finding) []string {
	var list []string
	for _, d := range f.Detail {
		list = append(list, d.Key+"="+d.Value)
	}
	return list
}

// spoken lists a finding's evidence, and who said it: "client: AUTH LOGIN".
func spoken(f *alerts.Finding) []string {
	var list []string
	for i := range f.Evidence {
		list = append(list, f.Evidence[i].From.String()+": "+f.Evidence[i].Text)
	}
	return list
}

// packetOf returns the first evidence whose packet is known.
func packetOf(f *alerts.Finding) *alerts.Evidence {
	for i := range f.Evidence {
		if f.Evidence[i].Packet != 0 {
			return &f.Evidence[i]
		}
	}
	return nil
}

// address writes an address without its port; "" for none.
func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr().Unmap().String()
}

// communityID is that of the session between two ends; "" where one is not
// known.
func communityID(client, server netip.AddrPort) string {
	if !client.IsValid() || !server.IsValid() {
		return ""
	}
	return alerts.CommunityID(&dissect.Facts{Client: client, Server: server})
}
