package model_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

func TestExport(t *testing.T) {
	source := written("9 1 joe: base64-password starttls-not-used", "9 1 joe: base64-password", "8 2 ann: open-relay")
	source.sessions[0].Facts.Banner = "=HYPERLINK()\x1b[2J"
	cases := listOf(t, source, model.Query{}).Select()
	if len(cases.Cases) != 3 || cases.More {
		t.Fatalf("%+v", cases) // also those that are folded
	}
	one := model.Selection{Cases: cases.Cases[:1], Findings: true}
	sessions := model.Selection{Sessions: source.sessions}
	for _, tt := range []struct {
		name  string
		what  model.Selection
		rows  int
		lines int // 0: any
		has   string
	}{
		{"cases.csv", cases, 3, 4, "base64-password"}, {"cases.jsonl", cases, 3, 3, `"type":"case"`}, {"cases.html", cases, 3, 0, "<html"},
		{"findings.csv", one, 2, 3, "base64-password"}, {"findings.jsonl", one, 2, 2, `"type":"finding"`}, {"findings.html", one, 1, 0, "<html"},
		{"sessions.csv", sessions, 3, 4, "10.0.0.9:25"}, {"sessions.jsonl", sessions, 3, 3, `"type":"session"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.name)
			rows, err := model.Export(source, path, tt.what, now)
			if err != nil || rows != tt.rows {
				t.Fatalf("%d rows, %v", rows, err)
			}
			b, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(b), tt.has) || tt.lines > 0 && strings.Count(string(b), "\n") != tt.lines {
				t.Errorf("%v:\n%s", err, b)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if _, err := model.Export(source, path, tt.what, now); err == nil || !strings.Contains(err.Error(), "is there already") {
				t.Errorf("written over: %v", err)
			}
			if filepath.Ext(path) == ".csv" {
				rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
				if err != nil || len(rows) != tt.lines {
					t.Errorf("%d rows of CSV, %v", len(rows), err)
				}
			}
		})
	}
}

// What goes wrong is told, and leaves no half of a file.
func TestExportFails(t *testing.T) {
	source := written("9 1 joe: base64-password")
	cases := listOf(t, source, model.Query{}).Select()
	many := model.Selection{Cases: make([]alerts.CaseID, 201)}
	for _, tt := range []struct {
		name, broken string
		what         model.Selection
		want         string
	}{
		{"x.doc", "", cases, "ends in .csv, .jsonl or .html"},
		{"x.csv", "", model.Selection{}, "nothing here"},
		{"no/such/x.csv", "", cases, "no such file"},
		{"x.csv", "Cases", cases, errBroken.Error()},
		{"x.html", "AllFindings", cases, errBroken.Error()},
		{"x.html", "", many, "1 to 200 cases, not 201"},
		{"x.html", "", model.Selection{Sessions: source.sessions}, "1 to 200 cases, not 0"},
	} {
		folder := t.TempDir()
		source.broken = tt.broken
		_, err := model.Export(source, filepath.Join(folder, tt.name), tt.what, now)
		if left, _ := os.ReadDir(folder); err == nil || !strings.Contains(err.Error(), tt.want) || len(left) > 0 {
			t.Errorf("%s: %v, left behind: %v", tt.name, err, left)
		}
	}
}

func TestSessionIDs(t *testing.T) {
	source := written("9 1 joe: base64-password starttls-not-used", "9 1 joe: base64-password", "8 2 ann: open-relay")
	ids, more, err := model.SessionIDs(source, []alerts.CaseID{source.cases[0].ID, source.cases[1].ID})
	if err != nil || more || len(ids) != 2 {
		t.Errorf("%v, %v, %v", ids, more, err)
	}
	source.broken = "AllFindings"
	if _, _, err := model.SessionIDs(source, []alerts.CaseID{source.cases[0].ID}); err == nil {
		t.Error("no error")
	}
}
