// Package packaging_test builds and installs mailtap as packagers do.
package packaging_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repository is where the Makefile is.
const repository = "../../.."

// TestUnitIsHardened has systemd judge the unit.
func TestUnitIsHardened(t *testing.T) {
	need(t, "systemd-analyze")
	const exposure = "20" // in tenths; 96 without any of it
	cmd := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+exposure, "mailtap@.service")
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "unrecognized option") {
		t.Skip("this systemd judges no files")
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if said := regexp.MustCompile(`(?m)^.*(Unknown|ignoring|Failed).*$`).FindString(string(out)); said != "" {
		t.Errorf("systemd does not understand the unit: %s", said)
	}
}

// TestJournalGetsRemarks has the unit send what is said about a run to the
// journal, and no finding: stderr goes where stdout does, unless it is named.
func TestJournalGetsRemarks(t *testing.T) {
	unit, err := os.ReadFile("mailtap@.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nStandardOutput=null\n", "\nStandardError=journal\n"} {
		if !strings.Contains(string(unit), want) {
			t.Errorf("no %q in\n%s", want, unit)
		}
	}
}

// TestDescribedVersions has deb.sh name versions that sort as they should.
func TestDescribedVersions(t *testing.T) {
	need(t, "dpkg")
	script, err := os.ReadFile("deb.sh")
	if err != nil {
		t.Fatal(err)
	}
	part := regexp.MustCompile(`(?s)case \$1 in\n.*?\nesac\n`).Find(script)
	if part == nil {
		t.Fatal("deb.sh no longer makes versions in one case")
	}
	last := "0"
	for _, tt := range []struct{ described, want string }{
		{"3122eef", "0~git20260131.3122eef"},
		{"3122eef-dirty", "0~git20260131.3122eef.dirty"},
		{"v0.9.0", "0.9.0"},
		{"v0.9.0-12-g3122eef", "0.9.0+12.g3122eef"},
		{"v0.10.0-3-g3122eef-dirty", "0.10.0+3.g3122eef.dirty"},
		{"v1.0.0", "1.0.0"},
	} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", string(part)+`echo "$version"`, "sh", tt.described)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1769860800")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.TrimSpace(string(out))
		if got != tt.want {
			t.Errorf("%s becomes %s, want %s", tt.described, got, tt.want)
		}
		order := "gt"
		if last == "0" {
			order = "lt" // earlier than any release
		}
		if err := exec.CommandContext(t.Context(), "dpkg", "--compare-versions", got, order, last).Run(); err != nil {
			t.Errorf("%s is not %s %s: %v", got, order, last, err)
		}
		last = got
	}
}

// TestInstall installs and uninstalls with make, into a folder.
func TestInstall(t *testing.T) {
	needE2E(t)
	root := t.TempDir()
	args := []string{"DESTDIR=" + root, "BIN=" + filepath.Join(t.TempDir(), "mailtap"), "SYSTEMD=yes"}
	makeIn(t, append(args, "install")...)
	got := regularFiles(t, root)
	for _, want := range []string{
		"usr/local/bin/mailtap 0755",
		"usr/local/lib/systemd/system/mailtap@.service 0644",
		"usr/local/lib/sysusers.d/mailtap.conf 0644",
		"usr/local/share/man/man1/mailtap-capture.1 0644",
		"usr/local/share/bash-completion/completions/mailtap 0644",
	} {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+want+"\n") {
			t.Errorf("no %s in %q", want, got)
		}
	}
	unit, err := os.ReadFile(filepath.Join(root, "usr/local/lib/systemd/system/mailtap@.service"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(unit), "\nExecStart=/usr/local/bin/mailtap ") {
		t.Errorf("the unit starts another program:\n%s", unit)
	}
	makeIn(t, append(args, "uninstall")...)
	if diff := cmp.Diff([]string(nil), regularFiles(t, root)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

// regularFiles lists the files under root, with their modes.
func regularFiles(t *testing.T, root string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		list = append(list, fmt.Sprintf("%s %04o", name, info.Mode().Perm()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func makeIn(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"--no-print-directory", "-C", repository}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
}

// needE2E skips what builds the whole program, which takes minutes.
func needE2E(t *testing.T) {
	t.Helper()
	if os.Getenv("MAILTAP_E2E") == "" {
		t.Skip("only in 'make e2e': it builds the program anew")
	}
	need(t, "make", "gcc")
}

// namespace gives a program mounts of its own.
func namespace() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Unshareflags: syscall.CLONE_NEWNS}
}
