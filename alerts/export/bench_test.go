package export_test

import (
	"encoding/binary"
	"io"
	"strconv"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// counted counts what is written.
type counted int64

func (c *counted) Write(b []byte) (int, error) {
	*c += counted(len(b))
	return len(b), nil
}

func BenchmarkFinding(b *testing.B) {
	f, s := finding(), protected()
	formats := []struct {
		name  string
		write func(io.Writer) func() error
	}{
		{"jsonl", func(w io.Writer) func() error {
			j := export.NewJSONL(w)
			return func() error { return j.Finding(f) }
		}},
		{"eve", func(w io.Writer) func() error {
			e := export.NewEVE(w, catalogue)
			return func() error { return e.Finding(f, s) }
		}},
		{"zeek", func(w io.Writer) func() error {
			z := export.NewZeekFindings(w)
			return func() error { return z.Finding(f) }
		}},
		{"cef", func(w io.Writer) func() error {
			c := export.NewCEF(w, "1", catalogue)
			return func() error { return c.Finding(f) }
		}},
		{"syslog", func(w io.Writer) func() error {
			l := export.NewSyslog(w, export.Counted, "tap1", catalogue)
			return func() error { return l.Finding(f) }
		}},
	}
	for _, format := range formats {
		b.Run(format.name, func(b *testing.B) {
			var size counted
			write := format.write(&size)
			if err := write(); err != nil {
				b.Fatal(err)
			}
			size = 0
			write()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				write()
			}
		})
	}
}

func BenchmarkSession(b *testing.B) {
	s := readable()
	j, z := export.NewJSONL(io.Discard), export.NewZeekSessions(io.Discard)
	b.Run("jsonl", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			j.Session(s)
		}
	})
	b.Run("zeek", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			z.Session(s)
		}
	})
}

// BenchmarkReport adds findings of ever new accounts and clients, each with
// its case.
func BenchmarkReport(b *testing.B) {
	r := export.NewReport("", catalogue)
	f := finding()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		number(f, i)
		r.Case(caseOf(f))
		r.Finding(f)
	}
}

// number makes f the finding of another account and case.
func number(f *alerts.Finding, i int) {
	binary.BigEndian.PutUint64(f.Case[:], uint64(i))
	f.Account = "account" + strconv.Itoa(i)
	f.Time = start + int64(i)*1e9
}

// caseOf is the case that f alone would make.
func caseOf(f *alerts.Finding) *alerts.Case {
	return &alerts.Case{
		ID: f.Case, Rule: f.Rule, Title: f.Title, Severity: f.Severity, Blame: f.Blame, Protocol: f.Protocol,
		Server: f.Server.String(), Account: f.Account, HasAccount: f.HasAccount, First: f.Time, Last: f.Time, Findings: 1, Sessions: 1,
	}
}
