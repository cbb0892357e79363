package engine_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	encoding "github.com/mailtap/mailtap/alerts/store/record"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
)

// TestRecycled: memory serves a later session only when nobody reads the earlier
// one any more. Each result is written down when it is handed over. Until it is
// reported nothing of it changes, and the database has it as it was.
func TestRecycled(t *testing.T) {
	file, _ := generate(t, traffic.Options{Kind: traffic.Logins, Seed: 3, Sessions: 5000})
	write := func(result alerts.Result) []byte {
		var e encoding.Encoder
		b, err := e.Encode(&result.Session, result.Findings)
		if err != nil {
			t.Error(err)
		}
		return bytes.Clone(b)
	}
	handed := map[alerts.SessionID][]byte{} // the Recorder's goroutine's
	type reported struct {
		id    alerts.SessionID
		bytes []byte
	}
	var reports []reported // the store's goroutine's

	r := &engine.Recorder{Redactor: alerts.NewRedactor([32]byte{1}), Report: func(result alerts.Result) {
		reports = append(reports, reported{result.Session.ID, write(result)})
	}}
	db := filepath.Join(t.TempDir(), "mailtap.db")
	s, err := store.Open(db, store.Options{Committed: r.Stored})
	if err != nil {
		t.Fatal(err)
	}
	r.Add = func(result alerts.Result) {
		handed[result.Session.ID] = write(result)
		s.Add(result)
	}
	r.Start()
	analyse(t, file, r.Session)
	r.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	if len(handed) != 5000 || len(reports) != 5000 {
		t.Fatalf("%d sessions, %d reported", len(handed), len(reports))
	}
	for _, one := range reports {
		if !bytes.Equal(one.bytes, handed[one.id]) {
			t.Fatalf("%v changed before it was reported", one.id)
		}
	}
	stored, err := store.OpenReader(db)
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	for result, err := range stored.Begun(0) {
		if err != nil {
			t.Fatal(err)
		}
		if id := result.Session.ID; !bytes.Equal(write(result), handed[id]) {
			t.Fatalf("%v is stored otherwise than it was handed over", id)
		}
	}
}
