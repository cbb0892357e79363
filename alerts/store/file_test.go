package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

func TestOnlyTheOwnerMayRead(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "new", "mailtap.db")
	modes := map[string]os.FileMode{}
	note := func() {
		for _, name := range append(files(t, path), filepath.Dir(path)) {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			modes[strings.TrimPrefix(name, filepath.Dir(path))] = info.Mode().Perm()
		}
	}
	s := open(t, path, store.Options{MakeFolder: true, Committed: func([]alerts.Result) { note() }})
	s.Add(login(0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]os.FileMode{"": 0o700, "/mailtap.db": 0o600, "/mailtap.db-wal": 0o600, "/mailtap.db-shm": 0o600}
	if diff := cmp.Diff(want, modes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStrangeNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b?c#d%41.db", "mode=memory&x.db", "ü.db", "-.db"} {
		path := filepath.Join(dir, name)
		add(t, path, login(0))
		if n := len(read(t, path).Sessions); n != 1 {
			t.Errorf("%s: %d sessions, want 1", name, n)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// execute makes a change to a database as another program would.
func execute(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRefused(t *testing.T) {
	write := func(t *testing.T, path, text string, mode os.FileMode) {
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string // of Open
		reading string // of OpenReader
	}{
		{"text", func(t *testing.T, path string) { write(t, path, strings.Repeat("Dear diary, ", 100), 0o600) },
			"not a database: name another file with --db", "not a database: name another file with --db"},
		{"of-another-program", func(t *testing.T, path string) { execute(t, path, "CREATE TABLE bookmarks (url TEXT)") },
			"a database of another program: name another file with --db", "a database of another program: name another file with --db"},
		{"newer", func(t *testing.T, path string) {
			add(t, path)
			execute(t, path, "PRAGMA user_version = 9")
		}, "schema 9 is newer than this mailtap knows (3): update mailtap, or name another file with --db",
			"schema 9 is newer than this mailtap knows (3): update mailtap, or name another file with --db"},
		{"readable-by-others", func(t *testing.T, path string) {
			add(t, path)
			if err := os.Chmod(path, 0o640); err != nil {
				t.Fatal(err)
			}
		}, "others may read it (mode 0640): chmod 600 it, or name another file with --db", ""},
		{"folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a file: name another one with --db", "not a file: name another one with --db"},
		{"link-to-nothing", func(t *testing.T, path string) {
			if err := os.Symlink(path+".gone", path); err != nil {
				t.Fatal(err)
			}
		}, "a link to nothing: remove it, or name another file with --db", "no database at PATH: run mailtap analyze or capture first, or name one with --db"},
		{"empty", func(t *testing.T, path string) { write(t, path, "", 0o600) },
			"", "an empty database: run mailtap analyze or capture first, or name another one with --db"},
		{"missing", func(*testing.T, string) {},
			"", "no database at PATH: run mailtap analyze or capture first, or name one with --db"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mailtap.db")
			tt.prepare(t, path)
			r, err := store.OpenReader(path)
			if err == nil {
				r.Close()
			}
			checkError(t, path, "OpenReader", err, tt.reading)
			s, err := store.Open(path, store.Options{})
			if err == nil {
				s.Close()
			}
			checkError(t, path, "Open", err, tt.want)
		})
	}
}

// A new database says whose it is and how many migrations it has seen.
func TestSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mailtap.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, path)
	scripts, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"application_id": 0x6d6c7470, "user_version": int64(len(scripts))}
	got := map[string]int64{}
	for name := range want {
		got[name] = pragma[int64](t, path, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// pragma asks the database as another program would.
func pragma[T any](t *testing.T, path, name string) (value T) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("PRAGMA " + name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func checkError(t *testing.T, path, call string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = strings.TrimPrefix(strings.ReplaceAll(err.Error(), path, "PATH"), "PATH: ")
	}
	if got != want {
		t.Errorf("%s: %q, want %q", call, got, want)
	}
}

// A refused database is left as it was.
func TestAnotherProgramsDatabaseIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bookmarks.db")
	execute(t, path, "CREATE TABLE bookmarks (url TEXT)")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path, store.Options{}); err == nil {
		t.Fatal("it was opened")
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the file has changed")
	}
}

func TestNoFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "mailtap.db")
	_, err := store.Open(path, store.Options{})
	checkError(t, path, "Open", err, "its folder does not exist: create it, or name another file with --db")
}

// asNobody runs f with the file permissions of another user.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can act as another user")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const nobody = 65534
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setfsuid(0)
	f()
}

func TestNoPermission(t *testing.T) {
	dir := t.TempDir()
	for ; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir = t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path, fresh := filepath.Join(dir, "mailtap.db"), filepath.Join(dir, "fresh.db")
	add(t, path, login(0))
	asNobody(t, func() {
		_, err := store.OpenReader(path)
		checkError(t, path, "OpenReader", err, "no permission: PATH belongs to root (mode 0600): run as that user, or name another file with --db")
		_, err = store.Open(path, store.Options{})
		checkError(t, path, "Open", err, "no permission: PATH belongs to root (mode 0600): run as that user, or name another file with --db")
		_, err = store.Open(fresh, store.Options{})
		checkError(t, fresh, "Open of a new one", err,
			"no permission: "+dir+" belongs to root (mode 0755): run as that user, or name another file with --db")
	})
}

func TestLinkOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a link for another user")
	}
	dir := t.TempDir()
	path, link := filepath.Join(dir, "mailtap.db"), filepath.Join(dir, "link.db")
	add(t, path, login(0))
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	add(t, link, login(1)) // our own link is followed
	if err := os.Lchown(link, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(link, store.Options{})
	checkError(t, link, "Open", err, "a link that belongs to user 4711: name the file itself with --db")
	if n := len(read(t, path).Sessions); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
}

// A capture that is confined may make no file elsewhere, so there are none that
// are temporary.
func TestNoTemporaryFiles(t *testing.T) {
	const memory = 2 // as SQLite numbers it
	writer, reader, err := store.TempStores(filled(t, login(0)))
	if err != nil || writer != memory || reader != memory {
		t.Errorf("temp_store of the writer is %d, of the reader %d, %v; want %d", writer, reader, err, memory)
	}
}
