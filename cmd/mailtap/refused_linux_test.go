package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user that owns no file.
const nobody = 65534

// TestNoPermission runs as a user who may not read the capture, or not write
// the database. Root may all, so it becomes somebody else.
func TestNoPermission(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // testing makes it for its user alone
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "mailtap") // TestMain goes by the name
	copyFile(t, binary, self)
	sample, secret, locked := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "secret.pcap"), filepath.Join(dir, "locked.db")
	mailtap(t, statusDone, "analyze", "--quiet", "--db", locked, filepath.Join(samples, "imap-login.pcap"))
	for name, mode := range map[string]os.FileMode{sample: 0o644, secret: 0, locked: 0} {
		if name != locked {
			copyFile(t, name, filepath.Join(samples, "imap-login.pcap"))
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })

	tests := []struct {
		name string
		args []string
		want string
	}{
		{"capture", []string{"analyze", "--quiet", "--db", "none", secret}, `secret\.pcap: permission denied.*`},
		{"database", []string{"analyze", "--quiet", "--db", locked, sample}, `locked\.db: no permission: .*, or name another file with --db`},
		{"list", []string{"findings", "--db", locked}, `locked\.db: no permission: .*, or name another file with --db`},
		{"folder", []string{"analyze", "--quiet", "--db", filepath.Join(dir, "new.db"), sample}, `new\.db: no permission: .*`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := program(t, func(cmd *exec.Cmd) {
				cmd.Path, cmd.Err = binary, nil
				if os.Geteuid() == 0 {
					cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
				}
			}, tt.args...)
			if got.status != statusFailed {
				t.Errorf("exit status %d, want %d", got.status, statusFailed)
			}
			oneLine(t, got.stderr, tt.want)
		})
	}
}

// fillDisk makes a database on a small file system of its own, fills that up
// but for what SQLite needs to open the database, and then analyses $2.
const fillDisk = `mount -t tmpfs -o size=1m none "$1" || exit 77
cd "$1" && mailtap analyze --quiet --db mailtap.db "$2/smtp-message.pcap" >/dev/null || exit 78
dd if=/dev/zero of=filler bs=4k 2>/dev/null
truncate -s -56K filler || exit 79
exec mailtap analyze --quiet --format jsonl --db mailtap.db "$2"`

// TestDatabaseOnAFullDisk analyses all samples where there is no room for what
// is found: it is written all the same. The file system is mounted in a mount
// namespace that ends with the program.
func TestDatabaseOnAFullDisk(t *testing.T) {
	folder, err := filepath.Abs(samples)
	if err != nil {
		t.Fatal(err)
	}
	want := sortedLines(analyzed(t, folder))
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", fillDisk, "sh", dir, folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
	}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 77 {
		t.Skipf("no file system of our own: %v %s", err, &stderr)
	}
	if got := cmd.ProcessState.ExitCode(); got != statusFailed {
		t.Errorf("exit status %d, want %d", got, statusFailed)
	}
	oneLine(t, stderr.String(), `mailtap\.db: the disk is full: free space, or name a file elsewhere with --db`)
	if got := sortedLines(stdout.String()); strings.Join(got, "") != strings.Join(want, "") {
		t.Errorf("%d lines are written, want %d", len(got), len(want))
	}
}
