package model_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/ui/model"
)

func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mailtap", "filters.json")
	for _, s := range []model.Saved{{"night", "cases", "last<1d"}, {"a-1", "sessions", "verdict:exposed"}, {"night", "cases", "last<2d"}, {"gone", "cases", "x"}, {Name: "gone"}} {
		if err := model.Save(path, s); err != nil {
			t.Fatal(err)
		}
	}
	got, err := model.ReadSaved(path)
	want := []model.Saved{{"a-1", "sessions", "verdict:exposed"}, {"night", "cases", "last<2d"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	file, err := os.Stat(path)
	if err != nil || file.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", file.Mode(), err)
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil || folder.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", folder.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSaveIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "filters.json")
	for i := range model.MaxSaved {
		if err := model.Save(path, model.Saved{Name: fmt.Sprint("n", i), View: "cases", Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	err := model.Save(path, model.Saved{Name: "more", View: "cases", Text: "x"})
	if err == nil || !strings.Contains(err.Error(), ":forget one first") {
		t.Errorf("one more: %v", err)
	}
	for _, name := range []string{"", "A", "a b", "../x", strings.Repeat("x", 33), "-x"} {
		if err := model.Save(path, model.Saved{Name: name, Text: "x"}); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
	if err := model.Save("", model.Saved{Name: "x", Text: "x"}); err == nil {
		t.Error("saved without a file")
	}
}

func TestReadSaved(t *testing.T) {
	if list, err := model.ReadSaved(filepath.Join(t.TempDir(), "none")); list != nil || err != nil {
		t.Errorf("no file: %v, %v", list, err)
	}
	for _, text := range []string{"", "{", `[{"nam":"x"}]`, "[" + strings.Repeat(`{"name":"x"},`, 200) + `{}]`, strings.Repeat(" ", 65<<10)} {
		path := filepath.Join(t.TempDir(), "filters.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := model.ReadSaved(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%.20q: %v", text, err)
		}
		if err := model.Save(path, model.Saved{Name: "x", Text: "x"}); err == nil {
			t.Errorf("%.20q was written over", text)
		}
	}
}
