package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// ofSomebody makes a system database of another user's, in a mount namespace
// of its own, and runs the rest of the arguments as a third user. $1 is the
// mode of the folder, $2 whose the folder is and $3 whose the database is.
const ofSomebody = `mount -t tmpfs none /var/lib || exit 77
mkdir /var/lib/mailtap && mailtap analyze --quiet "$4" >/dev/null || exit 78
chown "$3" /var/lib/mailtap/* && chown "$2" /var/lib/mailtap && chmod "$1" /var/lib/mailtap || exit 77
shift 4
exec setpriv --reuid nobody --regid nogroup --clear-groups mailtap "$@"`

// TestDatabaseOfAnotherUser asks for what the service keeps, as a user who may
// not see it: each command says who may, and none shows an empty database.
func TestDatabaseOfAnotherUser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program for each command; make e2e runs it")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can make the database of another user")
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("setpriv is not installed")
	}
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(dir, "mailtap"), self) // TestMain goes by the name
	sample := filepath.Join(dir, "a.pcap")
	copyFile(t, sample, filepath.Join(samples, "imap-login.pcap"))
	if err := os.Chmod(sample, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, mode, folder, file string, args ...string) (status int, stderr string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", ofSomebody, "sh", mode, folder, file, sample}, args...)...)
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=dumb"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Unshareflags: syscall.CLONE_NEWNS}
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 77 {
			t.Skipf("no file system of our own: %v %s", err, &errs)
		}
		if out.Len() > 0 {
			t.Errorf("stdout %q", &out)
		}
		return cmd.ProcessState.ExitCode(), errs.String()
	}

	for _, words := range []string{
		"tui", "findings", "cases", "sessions", "export jsonl", "judge", "db info", "db check", "db prune --older 1d",
		"case c_000000000000000000000000 --status resolved", "analyze " + sample, "capture -i lo",
	} {
		t.Run(words, func(t *testing.T) {
			args := strings.Fields(words)
			name := args[0]
			if name == "db" {
				name += " " + args[1]
			}
			status, stderr := run(t, "700", "daemon", "daemon", args...)
			if status != statusFailed {
				t.Errorf("exit status %d, want %d", status, statusFailed)
			}
			oneLine(t, stderr, `mailtap\.db: no permission: /var/lib/mailtap belongs to daemon: run 'sudo -u daemon mailtap `+
				name+`', or name another file with --db`)
		})
	}
	tests := []struct {
		name               string
		mode, folder, file string
		args               []string
		want               string
	}{
		{"file-seen", "755", "root", "daemon", []string{"tui"},
			`mailtap\.db: no permission: /var/lib/mailtap/mailtap\.db belongs to daemon: run 'sudo -u daemon mailtap tui', or name another file with --db`},
		{"of-root", "700", "root", "root", []string{"findings"},
			`mailtap\.db: no permission: /var/lib/mailtap belongs to root: run 'sudo mailtap findings', or name another file with --db`},
		{"named", "700", "daemon", "daemon", []string{"cases", "--db", "/var/lib/mailtap/mailtap.db"},
			`mailtap\.db: no permission: .* run 'sudo -u daemon mailtap cases --db /var/lib/mailtap/mailtap\.db', or .*`},
		{"nameless", "700", "4242", "4242", []string{"findings"},
			`mailtap\.db: no permission: /var/lib/mailtap belongs to '#4242': run 'sudo -u '#4242' mailtap findings', or .*`},
		{"made-by-root-in-our-folder", "700", "nobody", "root", []string{"capture", "-i", "lo"},
			`mailtap\.db: no permission: it belongs to root, and its folder to you: run 'sudo chown nobody /var/lib/mailtap/mailtap\.db\*'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stderr := run(t, tt.mode, tt.folder, tt.file, tt.args...)
			if status != statusFailed {
				t.Errorf("exit status %d, want %d", status, statusFailed)
			}
			if !regexp.MustCompile(`\Amailtap: (\S*/)?` + tt.want + `\n\z`).MatchString(stderr) {
				t.Errorf("stderr %q does not say %q", stderr, tt.want)
			}
		})
	}
}
