package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Nobody decides on cases in a file that was removed or replaced.
func TestDecisionsOfALostDatabase(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { return os.Rename(anotherDatabase(t), path) },
	} {
		t.Run(name, func(t *testing.T) {
			path := anotherDatabase(t)
			file := &databaseFile{path: path}
			file.opened()
			r, err := store.OpenReader(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			triage, err := store.OpenTriage(path)
			if err != nil {
				t.Fatal(err)
			}
			defer triage.Close()
			status := alerts.Acknowledged
			lost := func(err error) bool { return err != nil && strings.Contains(err.Error(), "quit and start again") }
			ask := func() map[string]error {
				_, counted := keptReader{r, file}.Counts()
				_, undone := keptTriage{triage, file}.Undo("who", 1)
				return map[string]error{
					"Counts": counted,
					"Set":    keptTriage{triage, file}.Set(nil, store.Decision{Who: "who", At: 1, Status: &status}),
					"Undo":   undone,
				}
			}
			for call, err := range ask() {
				if lost(err) {
					t.Errorf("%s, while it is there: %v", call, err)
				}
			}
			if err := lose(path); err != nil {
				t.Fatal(err)
			}
			for call, err := range ask() {
				if !lost(err) {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

// anotherDatabase makes an empty one.
func anotherDatabase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mailtap.db")
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
