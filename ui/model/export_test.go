package model_test

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/ui/model"
)

func TestExport(t *testing.T) {
	source := written("9 1 joe: base64-password starttls-not-used", "9 1 joe: base64-password", "8 2 ann: open-relay")
	source.sessions[0].Facts.Banner = "=HYPERLINK()\x1b[2J"
	cases := allOf(listOf(t, source, model.Query{}))
	if len(cases.Cases) != 3 {
		t.Fatalf("%+v", cases) // also those that are folded
	}
	filter, err := model.ParseSessionFilter("server:10.0.0.9", now)
	if err != nil {
		t.Fatal(err)
	}
	one := model.Selection{Cases: cases.Cases[:1], Findings: true}
	sessions := model.Selection{Sessions: &model.SessionQuery{}}
	two := model.Selection{Sessions: &model.SessionQuery{Filter: filter}}
	single := model.Selection{Session: &source.sessions[0]}
	for _, tt := range []struct {
		name  string
		what  model.Selection
		rows  int
		lines int // 0: any
		has   string
	}{
		{"cases.csv", cases, 3, 4, "base64-password"}, {"cases.jsonl", cases, 3, 3, `"type":"case"`}, {"cases.html", cases, 3, 0, "<html"},
		{"findings.csv", one, 2, 3, "base64-password"}, {"findings.jsonl", one, 2, 2, `"type":"finding"`}, {"findings.html", one, 1, 0, "<html"},
		{"sessions.csv", sessions, 3, 4, "10.0.0.9:25"}, {"sessions.jsonl", sessions, 3, 3, `"type":"session"`}, {"two.csv", two, 2, 3, "10.0.0.9:25"},
		{"single.csv", single, 1, 2, "10.0.0.9:25"}, {"of-case.csv", model.Selection{Sessions: &model.SessionQuery{Of: model.Of{Case: &source.cases[0]}}}, 2, 3, "10.0.0.9:25"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.name)
			to := model.Target{Path: path, Row: func(int) bool { return true }}
			rows, more, err := model.Export(source, to, tt.what, now)
			if err != nil || rows != tt.rows || more {
				t.Fatalf("%d rows, more %v, %v", rows, more, err)
			}
			b, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(b), tt.has) || tt.lines > 0 && strings.Count(string(b), "\n") != tt.lines {
				t.Errorf("%v:\n%s", err, b)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if _, _, err := model.Export(source, to, tt.what, now); !errors.Is(err, export.ErrThere) {
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
	cases := allOf(listOf(t, source, model.Query{}))
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
		{"x.html", "", model.Selection{Sessions: &model.SessionQuery{}}, "a report is about cases"},
	} {
		folder := t.TempDir()
		source.broken = tt.broken
		_, _, err := model.Export(source, model.Target{Path: filepath.Join(folder, tt.name), Row: func(int) bool { return true }}, tt.what, now)
		if left, _ := os.ReadDir(folder); err == nil || !strings.Contains(err.Error(), tt.want) || len(left) > 0 {
			t.Errorf("%s: %v, left behind: %v", tt.name, err, left)
		}
	}
}

// A report of more cases than it may hold has the most severe, and says so.
func TestExportReportOfMany(t *testing.T) {
	const all = 1000
	source := &many{cases: all}
	var selection model.Selection
	for n := range all {
		selection.Cases = append(selection.Cases, source.at(all-1-n).ID) // the worst last
	}
	path := filepath.Join(t.TempDir(), "x.html")
	rows, more, err := model.Export(source, model.Target{Path: path, Row: func(int) bool { return true }}, selection, now)
	if err != nil || rows != 200 || !more {
		t.Fatalf("%d rows, more %v, %v", rows, more, err)
	}
	b, _ := os.ReadFile(path)
	for _, want := range []string{"the 200 most severe of 1000 cases", source.at(0).Client} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %q in the report", want)
		}
	}
}

// allOf selects all cases of a list.
func allOf(l *model.List) model.Selection {
	return model.Selection{Cases: slices.Collect(l.All())}
}

// A file that is there is replaced when all is written, and stays when that
// fails or is stopped. What is no file is never written over.
func TestExportReplaces(t *testing.T) {
	source := written("9 1 joe: base64-password starttls-not-used", "8 2 ann: open-relay")
	cases := allOf(listOf(t, source, model.Query{}))
	path := filepath.Join(t.TempDir(), "cases.csv")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	to := model.Target{Path: path, Replace: true, Row: func(rows int) bool { return rows < 2 }}
	if _, _, err := model.Export(source, to, cases, now); !errors.Is(err, model.ErrStopped) {
		t.Errorf("stopped with %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("half of it is there:\n%s", b)
	}
	to.Row = func(int) bool { return true }
	if rows, _, err := model.Export(source, to, cases, now); err != nil || rows != 3 {
		t.Errorf("%d rows, %v", rows, err)
	}
	info, err := os.Stat(path)
	if b, _ := os.ReadFile(path); err != nil || info.Mode().Perm() != 0o600 || strings.Count(string(b), "\n") != 4 {
		t.Errorf("%v, %v:\n%s", info.Mode(), err, b)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	link := filepath.Join(t.TempDir(), "link.csv")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	to.Path = link
	if _, _, err := model.Export(source, to, cases, now); err == nil || !strings.Contains(err.Error(), "no file that can be written over") {
		t.Errorf("a link was followed or replaced: %v", err)
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
