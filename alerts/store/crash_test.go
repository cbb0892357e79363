package store_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// The environment tells the test binary to be the other process.
const (
	writerPath  = "STORE_TEST_WRITER"
	stoppedPath = "STORE_TEST_STOPPED"
	fullFolder  = "STORE_TEST_FULL"
)

const manyLogins = 20000

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(writerPath) != "":
		writeForEver(os.Getenv(writerPath))
	case os.Getenv(stoppedPath) != "":
		stopAndWait(os.Getenv(stoppedPath))
	case os.Getenv(fullFolder) != "":
		fillDisk(os.Getenv(fullFolder))
	default:
		os.Exit(m.Run())
	}
}

// writeForEver stores log-ins, and once it has stored manyLogins all of them
// again, so that others end that do what is there to do. It prints the id of each
// once it is committed.
func writeForEver(path string) {
	out := bufio.NewWriter(os.Stdout)
	s, err := store.Open(path, store.Options{Committed: func(batch []alerts.Result) {
		for _, r := range batch {
			fmt.Fprintln(out, r.Session.ID)
		}
		out.Flush()
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := 0; ; i++ {
		s.Add(login(i % manyLogins))
	}
}

// startWriter starts a process that stores log-ins. It returns what that prints.
func startWriter(t *testing.T, path string) (*exec.Cmd, io.Reader) {
	t.Helper()
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), writerPath+"="+path)
	stdout, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	return writer, stdout
}

// A killed writer has lost nothing that it had told of, and another one goes
// on. While it wrote, a reader saw whole transactions only.
func TestKilledWriter(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	path := filepath.Join(t.TempDir(), "mailtap.db")
	add(t, path)
	writer, stdout := startWriter(t, path)
	r := reader(t, path)
	var told []string
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		told = append(told, lines.Text())
		if len(told)%500 == 0 {
			checkWhole(t, r)
		}
		if len(told) == 3000 {
			if err := writer.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	writer.Wait()
	if len(told) != 3000 {
		t.Fatalf("the writer told of %d sessions, the last as %q", len(told), told[max(0, len(told)-1):])
	}
	r.Close()
	if got := pragma[string](t, path, "integrity_check"); got != "ok" {
		t.Errorf("integrity check: %s", got)
	}
	stored := map[string]bool{}
	for _, s := range read(t, path).Sessions {
		stored[s.ID.String()] = true
	}
	for _, id := range told {
		if !stored[id] {
			t.Errorf("%s was told of, and is lost", id)
		}
	}
	n := len(stored) + 100
	add(t, path, logins(n)...)
	if diff := cmp.Diff(read(t, filled(t, logins(n)...)), read(t, path), same, sortFindings); diff != "" {
		t.Errorf("(-never killed +killed and run again):\n%s", diff)
	}
}

var sortFindings = cmpopts.SortSlices(func(a, b alerts.Finding) bool { return bytes.Compare(a.ID[:], b.ID[:]) < 0 })

// checkWhole checks that every session has its three findings.
func checkWhole(t *testing.T, r *store.Reader) {
	t.Helper()
	c, err := r.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if n := c.Sessions[alerts.Exposed]; c.Findings[alerts.Critical] != n || c.Findings[alerts.High] != n || c.Findings[alerts.Medium] != n {
		t.Errorf("a part of a transaction was seen: %+v", c)
	}
	if _, err := r.Findings(store.Filter{Limit: 10}); err != nil {
		t.Fatal(err)
	}
}

// Two writers with the same sessions in opposite order give what one gives.
func TestTwoWriters(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	path := filepath.Join(t.TempDir(), "mailtap.db")
	const n = 2000
	var both sync.WaitGroup
	for _, step := range []int{1, n - 1} {
		s := open(t, path, store.Options{})
		both.Go(func() {
			for i := range n {
				s.Add(login(i * step % n))
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if diff := cmp.Diff(read(t, filled(t, logins(n)...)), read(t, path), same, sortFindings); diff != "" {
		t.Errorf("(-one +two):\n%s", diff)
	}
}

// When the disk is full, what was committed stays, and everything else is
// handed over.
func TestDiskFull(t *testing.T) {
	folder := t.TempDir()
	full := exec.Command(os.Args[0])
	full.Env = append(os.Environ(), fullFolder+"="+folder)
	// A mount namespace of its own, so that the small disk goes with it.
	full.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	out, err := full.CombinedOutput()
	if err != nil || strings.HasPrefix(string(out), "mount: ") {
		t.Skipf("no small disk to be had: %v %s", err, out)
	}
	want := "stored what was committed\nhanded over the rest\nPATH: the disk is full: free space, or name a file elsewhere with --db\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// fillDisk stores more than a disk of 1 MiB can hold and prints how it went.
func fillDisk(folder string) {
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size=1m"); err != nil {
		fmt.Println("mount:", err)
		return
	}
	path := filepath.Join(folder, "mailtap.db")
	committed, failed := map[alerts.SessionID]bool{}, map[alerts.SessionID]bool{}
	s, err := store.Open(path, store.Options{
		Committed: func(batch []alerts.Result) { note(committed, batch) },
		Failed:    func(batch []alerts.Result, _ error) { note(failed, batch) },
	})
	if err != nil {
		fmt.Println("open:", err)
		return
	}
	const n = 5000
	for i := range n {
		s.Add(login(i % manyLogins))
	}
	err = s.Close()
	stored := storedSessions(path)
	if len(committed) > 0 && cmp.Equal(committed, stored) {
		fmt.Println("stored what was committed")
	} else {
		fmt.Printf("committed %d sessions, stored %d\n", len(committed), len(stored))
	}
	if len(failed) > 0 && len(failed)+len(committed) == n {
		fmt.Println("handed over the rest")
	} else {
		fmt.Printf("handed over %d, committed %d, of %d\n", len(failed), len(committed), n)
	}
	fmt.Println(strings.ReplaceAll(fmt.Sprint(err), path, "PATH"))
}

func note(ids map[alerts.SessionID]bool, batch []alerts.Result) {
	for _, r := range batch {
		ids[r.Session.ID] = true
	}
}

func storedSessions(path string) map[alerts.SessionID]bool {
	stored := map[alerts.SessionID]bool{}
	r, err := store.OpenReader(path)
	if err != nil {
		fmt.Println("read:", err)
		return nil
	}
	defer r.Close()
	for s, err := range r.AllSessions(store.Filter{}) {
		if err != nil {
			fmt.Println("read:", err)
			return nil
		}
		stored[s.ID] = true
	}
	return stored
}
