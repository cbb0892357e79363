package packaging_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDeb builds the package twice, and installs, removes and purges it.
func TestDeb(t *testing.T) {
	needE2E(t)
	need(t, "dpkg-deb", "objdump", "strip")
	deb := buildDeb(t)
	t.Run("reproducible", func(t *testing.T) {
		first, err := os.ReadFile(deb)
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(buildDeb(t))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Error("two builds of one commit differ")
		}
	})
	t.Run("depends", func(t *testing.T) { debDepends(t, deb) })
	t.Run("installed", func(t *testing.T) { debInstalled(t, deb) })
}

func buildDeb(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	makeIn(t, "deb", "DIST="+dir)
	debs, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("make deb made %q, want one package: %v", debs, err)
	}
	return debs[0]
}

// debDepends compares with what Debian's own tool says.
func debDepends(t *testing.T, deb string) {
	need(t, "dpkg-shlibdeps")
	dir := t.TempDir()
	script := `dpkg-deb -x "$1" root && mkdir debian && : >debian/control && dpkg-shlibdeps -O root/usr/bin/mailtap`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script, "sh", deb)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := "adduser, " + strings.TrimPrefix(strings.TrimSpace(string(out)), "shlibs:Depends=")
	got, err := exec.CommandContext(t.Context(), "dpkg-deb", "-f", deb, "Depends").Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.TrimSpace(string(got))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// debLife goes through the life of the package $1 on a copy of this system,
// which is a layer over it at $2: what is written is told apart, and gone
// afterwards.
const debLife = `set -e
mount -t tmpfs none "$2" && mkdir "$2/upper" "$2/work" "$2/root" || exit 77
mount -t overlay overlay -o "lowerdir=/,upperdir=$2/upper,workdir=$2/work" "$2/root" || exit 77
mount --bind /dev "$2/root/dev" && mount -t proc proc "$2/root/proc" || exit 77
cp "$1" "$2/root/tmp/mailtap.deb"
inside() { chroot "$2" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -ec "$1" >&2; }
changed() {
	echo "== $1"
	cd "$2/upper" && find . ! -type d ! -type c ! -type l -printf '%P %#m %u\n' |
		grep -Ev '^(var/lib/dpkg|var/log/(dpkg|alternatives)|var/cache|etc/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)|tmp|run)\b' |
		grep -Ev '^(usr/share/man/man1/mailtap-|usr/share/doc/)' | LC_ALL=C sort
	cd /
}
! chroot "$2/root" dpkg -s mailtap >/dev/null 2>&1 || exit 77
inside 'dpkg -i /tmp/mailtap.deb; mailtap version; mailtap policy check /usr/share/doc/mailtap/examples/policy.toml' "$2/root"
changed installed "$2"
echo "== user"
chroot "$2/root" id -nG mailtap
chroot "$2/root" getent passwd mailtap | cut -d: -f1,6,7
inside 'install -d -o mailtap -g mailtap -m 700 /var/lib/mailtap /var/log/mailtap
	touch /var/lib/mailtap/mailtap.db; chown mailtap /var/lib/mailtap/mailtap.db; chmod 600 /var/lib/mailtap/mailtap.db
	echo MAILTAP_OPTIONS=--quiet >/etc/default/mailtap; dpkg -i /tmp/mailtap.deb' "$2/root"
inside 'dpkg -r mailtap' "$2/root"
changed removed "$2"
inside 'dpkg -i /tmp/mailtap.deb; dpkg -P mailtap' "$2/root"
changed purged "$2"
echo "== folders"
cd "$2/root"
ls -d var/lib/mailtap var/log/mailtap etc/default/mailtap usr/share/doc/mailtap 2>/dev/null || true
`

const debLifeWant = `== installed
etc/default/mailtap 0644 root
usr/bin/mailtap 0755 root
usr/lib/systemd/system/mailtap@.service 0644 root
usr/share/bash-completion/completions/mailtap 0644 root
usr/share/fish/vendor_completions.d/mailtap.fish 0644 root
usr/share/man/man1/mailtap.1.gz 0644 root
usr/share/zsh/vendor-completions/_mailtap 0644 root
== user
mailtap
mailtap:/var/lib/mailtap:/usr/sbin/nologin
== removed
etc/default/mailtap 0644 root
var/lib/mailtap/mailtap.db 0600 mailtap
== purged
== folders
`

func debInstalled(t *testing.T, deb string) {
	if os.Geteuid() != 0 {
		t.Skip("only root can install packages")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", debLife, "sh", deb, t.TempDir())
	cmd.SysProcAttr = namespace()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 77 {
		t.Skipf("no copy of this system can be made: %v %s", err, &stderr)
	}
	if err != nil {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	// The user's name is that of the copy: here it is a number.
	got := asMailtap(stdout.String())
	if diff := cmp.Diff(debLifeWant, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, &stderr)
	}
}

// asMailtap names the one owner that this system does not know.
func asMailtap(listing string) string {
	lines := strings.Split(listing, "\n")
	for i, line := range lines {
		words := strings.Fields(line)
		if len(words) == 3 && strings.Trim(words[2], "0123456789") == "" {
			lines[i] = strings.Join(words[:2], " ") + " mailtap"
		}
	}
	return strings.Join(lines, "\n")
}
