package capture_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

func TestExpand(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string][]byte{
		"day/b.pcap":          at(1, 1),
		"day/a.pcapng":        (&ng{order: little}).section().b,
		"day/c.dump":          gzipped(at(1)),
		"day/README":          []byte("Dear Sir,"),
		"day/log.gz":          gzipped([]byte("Dear Sir,")),
		"day/.hidden.pcap":    at(1),
		"day/.git/x.pcap":     at(1),
		"day/deep/er/d.pcap":  at(1),
		"day/deep/broken.zst": []byte("\x28\xb5\x2f\xfd"),
		"none/README":         []byte("Dear Sir,"),
		"single.txt":          []byte("Dear Sir,"),
		".dot/e.pcap":         at(1),
	} {
		write(t, folder, name, content)
	}
	if err := os.Symlink("../single.txt", folder+"/day/link-to-text"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("b.pcap", folder+"/day/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", folder+"/day/loop"); err != nil {
		t.Fatal(err)
	}
	day := []string{"day/a.pcapng", "day/b.pcap", "day/c.dump", "day/deep/broken.zst", "day/deep/er/d.pcap"}
	for _, test := range []struct {
		args string
		want []string
		err  string
	}{
		{"", nil, ""},
		{"day", day, ""},
		{".dot", []string{".dot/e.pcap"}, ""},
		{"day/.hidden.pcap", []string{"day/.hidden.pcap"}, ""},
		{"single.txt day/README", []string{"single.txt", "day/README"}, ""},
		{"day/link day/b.pcap", []string{"day/link"}, ""},
		{"day/b.pcap day", []string{"day/b.pcap", "day/a.pcapng", "day/c.dump", "day/deep/broken.zst", "day/deep/er/d.pcap"}, ""},
		{"day day", day, ""},
		{"none", nil, "none: no capture file in this folder (pcap or pcapng, also as .gz or .zst)"},
		{"day missing", nil, "missing: no such file or directory"},
	} {
		t.Run(test.args, func(t *testing.T) {
			var args []string
			for _, a := range strings.Fields(test.args) {
				args = append(args, filepath.Join(folder, a))
			}
			files, err := capture.Expand(args)
			var got []string
			for _, f := range files {
				got = append(got, strings.TrimPrefix(f, folder+"/"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var words string
			if err != nil {
				words = strings.ReplaceAll(err.Error(), folder+"/", "")
			}
			if words != test.err {
				t.Errorf("error %q, want %q", words, test.err)
			}
		})
	}
	got, err := capture.Expand([]string{"-"})
	if diff := cmp.Diff([]string{"-"}, got); diff != "" || err != nil {
		t.Errorf("standard input: %v\n%s", err, diff)
	}
}
