// Package message reads the head of a mail message (RFC 5322) that crosses in
// pieces: who, to whom, what about, and whether the content is protected end
// to end (S/MIME, RFC 8551; OpenPGP, RFC 3156). It keeps no body.
package message

import "github.com/mailtap/mailtap/dissect"

// A Reader takes the content of one message. The zero value is ready.
type Reader struct{}

// Write takes the next bytes of the content. It keeps what it needs and
// returns at once when it needs no more.
func (r *Reader) Write(b []byte) {}

// Wants tells whether Write still needs bytes; when it does not, the caller
// may skip the rest.
func (r *Reader) Wants() bool { return false }

// Fill writes what was found into m: Subject and Protection, and with
// addresses also From and To of the header (IMAP and POP3; SMTP has its
// envelope).
func (r *Reader) Fill(m *dissect.Message, addresses bool) {}
