package confine_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/confine"
)

// TestRefused wants errors that say what to do.
func TestRefused(t *testing.T) {
	needRoot(t)
	tests := []struct {
		name    string
		user    string
		asUser  bool
		prepare func(t *testing.T, dir string)
		options func(dir string) confine.Options
		want    string
	}{
		{name: "no-such-user", user: "nobody-of-that-name", want: `--user nobody-of-that-name: there is no such user; .*adduser.*`},
		{name: "root", user: "root", want: `--user root: that is root itself: name a user without rights.*`},
		{name: "not-root", user: "daemon", asUser: true, want: `--user daemon: only root can become another user: run it with sudo.*`},
		{
			name: "folder-of-root", user: somebody,
			options: func(dir string) confine.Options { return confine.Options{Write: []string{dir}} },
			want:    `/.*: user nobody could not write there \(permission denied\): chown nobody /.*`,
		},
		{
			name: "folder-with-other-files", user: somebody,
			prepare: func(t *testing.T, dir string) {
				create(t, 0o600, filepath.Join(dir, "mailtap.db"), filepath.Join(dir, "shadow"))
				chmod(t, dir, 0o700)
			},
			options: func(dir string) confine.Options {
				return confine.Options{Files: confine.DatabaseFiles(filepath.Join(dir, "mailtap.db"))}
			},
			want: `/.*: user nobody could not write there \(permission denied\): chown nobody /.*`,
		},
		{
			name: "no-folder", user: somebody,
			options: func(dir string) confine.Options {
				return confine.Options{Write: []string{filepath.Join(dir, "missing")}}
			},
			want: `/.*/missing: does not exist: create it first`,
		},
		{
			name: "file-of-another", user: somebody,
			prepare: func(t *testing.T, dir string) {
				create(t, 0o600, filepath.Join(dir, "mailtap.db"))
				chmod(t, dir, 0o777)
				if err := os.Chown(filepath.Join(dir, "mailtap.db"), 1, 1); err != nil {
					t.Fatal(err)
				}
			},
			options: func(dir string) confine.Options {
				return confine.Options{Files: []string{filepath.Join(dir, "mailtap.db")}}
			},
			want: `/.*/mailtap\.db: belongs to user 1: chown nobody it, or name another file`,
		},
		{
			name: "second-name-of-a-file", user: somebody,
			prepare: func(t *testing.T, dir string) {
				create(t, 0o600, filepath.Join(dir, "precious"))
				chmod(t, dir, 0o777)
				if err := os.Link(filepath.Join(dir, "precious"), filepath.Join(dir, "mailtap.db.key")); err != nil {
					t.Fatal(err)
				}
			},
			options: func(dir string) confine.Options {
				return confine.Options{Files: []string{filepath.Join(dir, "mailtap.db.key")}}
			},
			want: `/.*/mailtap\.db\.key: is no plain file with one name: .*`,
		},
		{
			name: "link", user: somebody,
			prepare: func(t *testing.T, dir string) {
				create(t, 0o600, filepath.Join(dir, "precious"))
				chmod(t, dir, 0o777)
				if err := os.Symlink("precious", filepath.Join(dir, "mailtap.db.key")); err != nil {
					t.Fatal(err)
				}
			},
			options: func(dir string) confine.Options {
				return confine.Options{Files: []string{filepath.Join(dir, "mailtap.db.key")}}
			},
			want: `/.*/mailtap\.db\.key: is a link: name the file itself`,
		},
		{
			name: "policy-of-root", user: somebody,
			prepare: func(t *testing.T, dir string) {
				create(t, 0o600, filepath.Join(dir, "policy.toml"))
			},
			options: func(dir string) confine.Options {
				return confine.Options{Read: []string{filepath.Join(dir, "policy.toml")}}
			},
			want: `/.*/policy\.toml: user nobody could not read it again \(permission denied\): .*`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := folder(t)
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			var o order
			if tt.options != nil {
				o.Options = tt.options(dir)
			}
			o.Options.User = tt.user
			attr := &syscall.SysProcAttr{}
			if tt.asUser {
				attr.Credential = credential(t)
			}
			out := mustRun(t, o, attr)
			if !regexp.MustCompile(`\A` + tt.want + `\z`).MatchString(out.Err) {
				t.Errorf("error %q does not say %q", out.Err, tt.want)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range append(files, dir) {
				if owner(t, file) == somebody {
					t.Errorf("%s was given away", file)
				}
			}
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// TestCaptureGoesOn reads from a device that was opened before the rights to
// open it were dropped: by root for another user and, where that is allowed,
// in a user namespace.
func TestCaptureGoesOn(t *testing.T) {
	tests := []struct {
		name string
		user string
		attr *syscall.SysProcAttr
	}{
		{"root", somebody, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}},
		{"user-namespace", "", &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.user != "" {
				needRoot(t)
			}
			counter := "/sys/class/net/lo/statistics/rx_dropped" // as libpcap reads it
			out, err := run(t, order{
				Options: confine.Options{User: tt.user}, Device: "lo", Threads: 4, Read: []string{counter},
			}, tt.attr)
			if err != nil {
				t.Skipf("no network namespace: %v", err)
			}
			if strings.HasPrefix(out.Err, "no capture: ") {
				t.Skip(out.Err)
			}
			if out.Err != "" {
				t.Fatal(out.Err)
			}
			for _, name := range []string{"packets", "read " + counter} {
				if why, tried := out.Tried[name]; !tried || why != "" {
					t.Errorf("%s after the drop: tried %v, %s", name, tried, why)
				}
			}
			if why := out.Tried["device"]; !strings.Contains(why, "CAP_NET_RAW") {
				t.Errorf("the device can be opened again: %q", why)
			}
		})
	}
}
