package tls_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/mailtap/mailtap/dissect"
)

var update = flag.Bool("update", false, "rewrite what is wanted of the recordings")

// recordings are the connections in testdata: the bytes of each side in
// hexadecimal, the events and the facts that are known.
func recordings(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	return files
}

func readRecording(t testing.TB, file string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil || len(a.Files) != 3 {
		t.Fatal(file, err)
	}
	return a
}

// turnsOf reads "C:" and "S:", each with lines of hexadecimal digits behind it.
func turnsOf(t testing.TB, text []byte) (turns []turn) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSpace(line); line {
		case "C:":
			turns = append(turns, turn{side: dissect.Client})
		case "S:":
			turns = append(turns, turn{side: dissect.Server})
		default:
			b, err := hex.DecodeString(line)
			if err != nil || len(turns) == 0 {
				t.Fatal(line, err)
			}
			last := &turns[len(turns)-1]
			last.data = append(last.data, b...)
		}
	}
	return turns
}

// listing writes the fields of a struct that are not zero, a line each.
func listing(v reflect.Value, indent string) string {
	var b strings.Builder
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		switch {
		case f.IsZero():
		case f.Kind() == reflect.Pointer:
			fmt.Fprintf(&b, "%s%s:\n%s", indent, name, listing(f.Elem(), indent+"  "))
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			for j := range f.Len() {
				fmt.Fprintf(&b, "%s%s %d:\n%s", indent, name, j, listing(f.Index(j), indent+"  "))
			}
		default:
			fmt.Fprintf(&b, "%s%s: %v\n", indent, name, f.Interface())
		}
	}
	return b.String()
}

func TestRecordings(t *testing.T) {
	for _, file := range recordings(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a := readRecording(t, file)
			turns := turnsOf(t, a.Files[0].Data)
			facts, _ := play(turns, 0)
			got := []string{strings.Join(words(turns), "\n") + "\n", listing(reflect.ValueOf(facts), "")}
			if *update {
				a.Files[1].Data, a.Files[2].Data = []byte(got[0]), []byte(got[1])
				if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for i, want := range a.Files[1:] {
				if diff := cmp.Diff(string(want.Data), got[i]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", want.Name, diff)
				}
			}
			sameForAnyCut(t, turns)
		})
	}
}
