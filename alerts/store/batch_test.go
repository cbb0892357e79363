package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// Results are told of in the order in which they were added, each once, also
// where some cannot be stored and others are large.
func TestOrderOfWhatIsTold(t *testing.T) {
	var want, got []alerts.SessionID
	tell := func(batch []alerts.Result) {
		for _, r := range batch {
			got = append(got, r.Session.ID)
		}
	}
	refused := 0
	s := open(t, filepath.Join(t.TempDir(), "mailtap.db"), store.Options{
		Committed: tell,
		Failed: func(batch []alerts.Result, _ error) {
			refused += len(batch)
			tell(batch)
		},
	})
	for i := range 1500 {
		r := login(i)
		switch {
		case i%400 == 3, i%400 == 4:
			r.Session.Facts.Auth[0].Secret = dissect.NewSecret([]byte("secret"))
		case i%300 == 7:
			for range dissect.MaxMessages {
				r.Session.Facts.Messages = append(r.Session.Facts.Messages, &dissect.Message{From: "a@x.example"})
			}
		}
		want = append(want, r.Session.ID)
		s.Add(r)
	}
	if err := s.Close(); err == nil {
		t.Error("sessions that are not redacted were taken")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-added +told):\n%s", diff)
	}
	if refused != 8 {
		t.Errorf("%d results failed, want the 8 with a secret", refused)
	}
}

// A block ends by its sessions or by their bytes, wherever that is in what is
// added at once: each session is found with its own record.
func TestBlocksEndAnywhere(t *testing.T) {
	want, got := map[alerts.SessionID]string{}, map[alerts.SessionID]string{}
	var list []alerts.Result
	for i := range 2000 {
		r := login(i)
		r.Session.Facts.Banner = strings.Repeat("b", i*i%1999) // 0 to 2000 bytes, over 64 kB in most blocks
		want[r.Session.ID] = r.Session.Facts.Banner
		list = append(list, r)
	}
	path := filled(t, list...)
	r := reader(t, path)
	for s, err := range r.Begun(len(list)) {
		if err != nil {
			t.Fatal(err)
		}
		got[s.Session.ID] = s.Session.Facts.Banner
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-added +read):\n%s", diff)
	}
}

// Results that come one by one are each written without another one coming.
func TestLoneResultsAreWritten(t *testing.T) {
	told := make(chan alerts.SessionID)
	s := open(t, filepath.Join(t.TempDir(), "mailtap.db"), store.Options{Committed: func(batch []alerts.Result) {
		for _, r := range batch {
			told <- r.Session.ID
		}
	}})
	for i := range 3 {
		r := login(i)
		s.Add(r)
		if got := <-told; got != r.Session.ID {
			t.Errorf("told of %v, want %v", got, r.Session.ID)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// The second connection alone brings into the database what the log holds.
func TestLogIsCopied(t *testing.T) {
	for want, copied := range map[int]bool{0: false, 100: true} {
		n, err := store.SessionsWithoutLog(filepath.Join(t.TempDir(), "mailtap.db"), logins(100), copied)
		if n != want || err != nil {
			t.Errorf("copied %t: %d sessions are in the database without its log, want %d, %v", copied, n, want, err)
		}
	}
}
