package dialogue

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// record is what came out of a run: the events as text, and what they claim
// to have happened.
type record struct {
	lines        []string
	claims       map[string]bool
	senders      []string // the lines that name a sender
	capabilities int      // of the list being read
}

func (r *record) add(e *dissect.Event) {
	r.lines = append(r.lines, format(e))
	if e.Kind == dissect.MailCommand {
		r.senders = append(r.senders, string(e.Line))
	}
	for _, c := range r.claimsOf(e) {
		r.claims[c] = true
	}
}

// format gives one event as text. Secrets are masked.
func format(e *dissect.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d-%d %s", e.Side, e.Start, e.End, e.Kind.String())
	if e.Kind == dissect.StartTLSReply {
		fmt.Fprintf(&b, " %s", e.Outcome)
	}
	if e.Text != nil {
		fmt.Fprintf(&b, " %q", e.Text)
	}
	if e.Attempt != nil {
		formatAttempt(&b, e.Attempt, e.Kind == dissect.AuthEnd)
	}
	if e.Message != nil && e.Kind == dissect.MessageEnd {
		formatMessage(&b, e.Message)
	}
	if e.Line != nil {
		fmt.Fprintf(&b, " line %q", mask(e))
	}
	return b.String()
}

// formatAttempt gives an attempt. It grows while it is read, so that only its
// end shows more than the mechanism.
func formatAttempt(b *strings.Builder, a *dissect.Attempt, end bool) {
	fmt.Fprintf(b, " %s", a.Mechanism)
	if !end {
		return
	}
	fmt.Fprintf(b, " %s", a.Outcome)
	if a.HasAccount {
		fmt.Fprintf(b, " account %q", a.Account)
	}
	if a.Secret.Present() {
		fmt.Fprintf(b, " secret of %d", a.Secret.Len())
	}
	for _, d := range a.Detail {
		fmt.Fprintf(b, " %s %q", d.Key, d.Value)
	}
}

func formatMessage(b *strings.Builder, m *dissect.Message) {
	if m.HasFrom {
		fmt.Fprintf(b, " from %q", m.From)
	}
	for _, to := range m.To {
		fmt.Fprintf(b, " to %q", to)
	}
	if m.ToDropped > 0 {
		fmt.Fprintf(b, " to-dropped %d", m.ToDropped)
	}
	if m.HasSubject {
		fmt.Fprintf(b, " subject %q", m.Subject)
	}
	if m.Protection != dissect.Unprotected {
		fmt.Fprintf(b, " protection %d", m.Protection)
	}
	fmt.Fprintf(b, " size %d", m.Size)
	if m.Complete {
		b.WriteString(" complete")
	}
}

func mask(e *dissect.Event) string {
	from, to := e.Hide.From, e.Hide.To
	if from < 0 || from > to || to > len(e.Line) {
		panic(fmt.Sprintf("dialogue: %s hides [%d, %d) of %d bytes", e.Kind.String(), from, to, len(e.Line)))
	}
	if from == to {
		return string(e.Line)
	}
	return string(e.Line[:from]) + "****" + string(e.Line[to:])
}

// fromClaim begins the claim that a message has a sender.
const fromClaim = "message from "

// supports tells whether a claim of another run is true by this one. A sender
// may be one that the server refused: its answer may be what is lost.
func (r *record) supports(claim string) bool {
	if r.claims[claim] {
		return true
	}
	sender, ok := strings.CutPrefix(claim, fromClaim)
	return ok && slices.ContainsFunc(r.senders, func(line string) bool { return strings.Contains(line, sender) })
}

// claimsOf gives what an event says has happened, so that a run that saw less
// can be held against one that saw all: it may claim less, never more.
// Recipients are left out: those whose answer is lost count as accepted.
func (r *record) claimsOf(e *dissect.Event) []string {
	name := e.Kind.String()
	switch e.Kind {
	case dissect.ListBegin:
		r.capabilities = 0
		return []string{name}
	case dissect.Capability:
		r.capabilities++
	case dissect.ListEnd:
		return []string{fmt.Sprintf("%s after %d capabilities", name, r.capabilities)}
	case dissect.AuthBegin:
		return []string{"attempt " + e.Attempt.Mechanism}
	case dissect.AuthEnd:
		return attemptClaims(e.Attempt)
	case dissect.MessageEnd:
		if len(e.Text) > 0 {
			return nil
		}
		return messageClaims(e.Message)
	case dissect.AuthStep, dissect.MessageBegin, dissect.Malformed, dissect.Unexpected, dissect.Lost:
		return nil
	}
	return []string{fmt.Sprintf("%s %s %s %q %q", e.Side, name, e.Outcome, e.Text, e.Line)}
}

func attemptClaims(a *dissect.Attempt) []string {
	claims := []string{"attempt " + a.Mechanism}
	if a.HasAccount {
		claims = append(claims, fmt.Sprintf("attempt %s account %q", a.Mechanism, a.Account))
	}
	if a.Secret.Present() {
		secret := crc32.ChecksumIEEE([]byte(a.Secret.Reveal()))
		claims = append(claims, fmt.Sprintf("attempt %s secret #%08x", a.Mechanism, secret))
		if a.HasAccount {
			claims = append(claims, fmt.Sprintf("attempt %s account %q secret #%08x", a.Mechanism, a.Account, secret))
		}
	}
	if a.Outcome == dissect.Accepted || a.Outcome == dissect.Rejected {
		claims = append(claims, fmt.Sprintf("attempt %s %s", a.Mechanism, a.Outcome))
	}
	return claims
}

func messageClaims(m *dissect.Message) []string {
	claims := []string{"message"}
	if m.HasFrom {
		claims = append(claims, fromClaim+m.From)
	}
	if m.HasSubject {
		claims = append(claims, fmt.Sprintf("message subject %q", m.Subject))
	}
	if m.Complete {
		claims = append(claims, fmt.Sprintf("message complete size %d", m.Size))
	}
	return claims
}
