package confine_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/confine"
)

// waitAtMost is how long a packet on the loopback device may take.
const waitAtMost = 10 * time.Second

// somebody is whom root becomes: every system has this user.
const somebody = "nobody"

// run lets a child carry out o. It is told where the system does not allow attr.
func run(t *testing.T, o order, attr *syscall.SysProcAttr) (outcome, error) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	// The race detector lets a program sleep for a second before it ends.
	cmd.Env = append(os.Environ(), orderVariable+"="+string(text), "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = attr
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return outcome{}, err
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the child: %v\n%s", err, &stderr)
	}
	var out outcome
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatalf("%v in %s%s", err, &stdout, &stderr)
	}
	return out, nil
}

func mustRun(t *testing.T, o order, attr *syscall.SysProcAttr) outcome {
	t.Helper()
	out, err := run(t, o, attr)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
}

// needLandlock skips what this kernel cannot do.
func needLandlock(t *testing.T, r confine.Report) {
	t.Helper()
	if missing := strings.Join(r.Missing, ", "); strings.Contains(missing, "no Landlock") {
		t.Skip(missing)
	}
}

// folder is one that all may enter, as testing's own are for its user alone.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// create makes empty files, and folders where the name ends with a slash.
func create(t *testing.T, mode os.FileMode, paths ...string) {
	t.Helper()
	for _, path := range paths {
		err := os.WriteFile(path, nil, mode)
		if strings.HasSuffix(path, "/") {
			err = os.Mkdir(path, mode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// owner names whom path belongs to.
func owner(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	u, err := user.LookupId(strconv.Itoa(int(info.Sys().(*syscall.Stat_t).Uid)))
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// TestEveryThread looks at all threads of a process that root confined.
func TestEveryThread(t *testing.T) {
	needRoot(t)
	u, err := user.Lookup(somebody)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := u.GroupIds()
	if err != nil {
		t.Fatal(err)
	}
	const none = "0000000000000000"
	four := func(id string) string { return strings.Join([]string{id, id, id, id}, " ") }
	want := map[string]string{
		"Uid": four(u.Uid), "Gid": four(u.Gid), "Groups": strings.Join(groups, " "), "NoNewPrivs": "1",
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
	}
	const threads = 12
	out := mustRun(t, order{Options: confine.Options{User: somebody}, Threads: threads}, nil)
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	if len(out.Threads) < threads {
		t.Fatalf("%d threads were looked at, want at least %d", len(out.Threads), threads)
	}
	for _, status := range out.Threads {
		got := map[string]string{}
		for name := range want {
			got[name] = status[name]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("thread %s (-want +got):\n%s", status["Pid"], diff)
		}
	}
}

// TestReach drops root with a database that root has just made, in a folder
// made for it.
func TestReach(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	state, policy, evidence := filepath.Join(dir, "state"), filepath.Join(dir, "etc"), filepath.Join(dir, "evidence")
	create(t, 0o700, state+"/", evidence+"/")
	create(t, 0o755, policy+"/")
	open := filepath.Join(dir, "open")
	create(t, 0o755, open+"/")
	chmod(t, open, 0o777)
	db := filepath.Join(state, "mailtap.db")
	public := filepath.Join(dir, "public")
	create(t, 0o600, db+".key")
	create(t, 0o644, public, filepath.Join(policy, "policy.toml"))
	o := order{
		Options: confine.Options{
			User: somebody, Files: confine.DatabaseFiles(db), Write: []string{evidence},
			Read: []string{filepath.Join(policy, "policy.toml")},
		},
		Database: db,
		Read:     []string{policy, filepath.Join(policy, "policy.toml"), "/etc/localtime", "/sys/class/net/lo/statistics/rx_dropped", public, "/etc/hostname"},
		Create:   []string{filepath.Join(evidence, "1.pcapng"), filepath.Join(policy, "new"), filepath.Join(open, "new"), "/dev/null"},
	}
	out := mustRun(t, o, nil)
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	for path, want := range map[string]string{state: somebody, evidence: somebody, db: somebody, db + ".key": somebody, policy: "root", public: "root"} {
		if got := owner(t, path); got != want {
			t.Errorf("%s belongs to %s, want %s", path, got, want)
		}
	}
	needLandlock(t, out.Report)
	const denied = "permission denied"
	want := map[string]string{
		"database":              "",
		"read " + policy:        "",
		"read " + o.Read[1]:     "",
		"read " + o.Read[2]:     "",
		"read " + o.Read[3]:     "",
		"read " + o.Read[4]:     denied,
		"read " + o.Read[5]:     denied,
		"create " + o.Create[0]: "",
		"create " + o.Create[1]: denied,
		"create " + o.Create[2]: denied,
		"create " + o.Create[3]: "",
		"run":                   denied,
		"connect":               denied,
		"listen":                denied,
	}
	done := []string{"running as " + somebody, "no capabilities", "no new privileges", "can write only to " + evidence + " and " + state}
	if missing := strings.Join(out.Report.Missing, ", "); strings.Contains(missing, "TCP") {
		t.Log(missing)
		want["connect"], want["listen"] = "", ""
	} else {
		done = append(done, "no new TCP connections")
	}
	if diff := cmp.Diff(want, out.Tried); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(done, out.Report.Done); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDial lets a process connect that has to.
func TestDial(t *testing.T) {
	out := mustRun(t, order{Options: confine.Options{Dial: true}}, nil)
	if got := out.Tried["connect"]; out.Err != "" || got != "" {
		t.Errorf("connecting: %q, %s", got, out.Err)
	}
}

// TestDialByName lets a process that connects read the names of hosts again
// when they are in a new file, as others than root may read there what all may.
func TestDialByName(t *testing.T) {
	needRoot(t)
	out := mustRun(t, order{
		Options: confine.Options{User: somebody, Dial: true},
		Read:    []string{"/etc/hosts", "/etc/hostname", "/etc", "/etc/shadow"}, // the second stands for a new file
	}, nil)
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	needLandlock(t, out.Report)
	const denied = "permission denied"
	for path, want := range map[string]string{"/etc/hosts": "", "/etc/hostname": "", "/etc": denied, "/etc/shadow": denied} {
		if got := out.Tried["read "+path]; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// TestSameUser confines a process that is not root.
func TestSameUser(t *testing.T) {
	attr := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		attr.Credential = credential(t)
		attr.AmbientCaps = []uintptr{unix.CAP_NET_RAW}
	}
	dir := folder(t)
	public := filepath.Join(dir, "public")
	create(t, 0o644, public)
	out := mustRun(t, order{Threads: 4, Read: []string{public}}, attr)
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	for _, status := range out.Threads {
		for name, want := range map[string]string{"NoNewPrivs": "1", "CapPrm": "0000000000000000", "CapEff": "0000000000000000", "CapAmb": "0000000000000000"} {
			if status[name] != want {
				t.Errorf("%s of thread %s is %s, want %s", name, status["Pid"], status[name], want)
			}
		}
	}
	needLandlock(t, out.Report)
	if got := out.Tried["read "+public]; got != "permission denied" {
		t.Errorf("reading a file that was not named: %q", got)
	}
}

// TestRootStays keeps root: that is told, and it has rights over files only.
func TestRootStays(t *testing.T) {
	needRoot(t)
	out := mustRun(t, order{Threads: 4}, nil)
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	if !strings.Contains(strings.Join(out.Report.Missing, "\n"), "still running as root") {
		t.Errorf("nobody is told: %q", out.Report.Missing)
	}
	const chownAndOverride = "0000000000000003" // capabilities(7), numbers 0 and 1
	for _, status := range out.Threads {
		if got := status["CapEff"]; got != chownAndOverride {
			t.Errorf("CapEff of thread %s is %s, want %s", status["Pid"], got, chownAndOverride)
		}
	}
}

// TestWithoutLandlock runs on a kernel that has none: that is told, and the
// rest takes effect.
func TestWithoutLandlock(t *testing.T) {
	out := mustRun(t, order{Ancient: true, Read: []string{"/etc/passwd", "/etc/hostname"}}, nil)
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	if !strings.Contains(strings.Join(out.Report.Missing, "\n"), "this kernel has no Landlock") {
		t.Errorf("nobody is told: %q", out.Report.Missing)
	}
	if done := strings.Join(out.Report.Done, ", "); !strings.Contains(done, "no new privileges") || strings.Contains(done, "write") {
		t.Errorf("report %q", out.Report)
	}
	if got := out.Tried["read /etc/hostname"]; got != "" {
		t.Errorf("reading: %q", got)
	}
}

// credential is somebody's.
func credential(t *testing.T) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup(somebody)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
