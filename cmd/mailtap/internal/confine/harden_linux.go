package confine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// maxCapability is the number after the last that a kernel may know: a set has
// 64 bits (capabilities(7)).
const maxCapability = 64

// rootKeeps are root's capabilities in a process that stays root: the database
// may belong to the service's user.
const rootKeeps = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE

// dropBounding sees to it that no program started later could have a
// capability. It fails where there are none, and then there is no need.
func dropBounding() {
	for c := uintptr(0); c < maxCapability; c++ {
		if ll.AllThreadsPrctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) != nil {
			return
		}
	}
}

// harden confines the process as who it is now.
func harden(p *places, r *Report) error {
	if err := clearCapabilities(r); err != nil {
		return err
	}
	// A core file would hold the passwords that are being read. Setuid did it
	// already where there was one.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbidding core files: %w", err)
	}
	if err := ll.AllThreadsPrctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	r.Done = append(r.Done, "no new privileges")
	return restrict(p, r)
}

// clearCapabilities gives them up on all threads.
func clearCapabilities(r *Report) error {
	keep := uint64(0)
	if os.Geteuid() == 0 {
		keep = rootKeeps
	}
	if err := ll.AllThreadsPrctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	// Only what is permitted may be kept.
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return fmt.Errorf("asking for capabilities: %w", err)
	}
	for i := range sets {
		kept := sets[i].Permitted & uint32(keep>>(32*i))
		sets[i] = unix.CapUserData{Effective: kept, Permitted: kept}
	}
	_, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets[0])), 0)
	if errno != 0 {
		return fmt.Errorf("giving up capabilities: %w", errno)
	}
	if keep == 0 {
		r.Done = append(r.Done, "no capabilities")
	} else {
		r.Done = append(r.Done, "of root's capabilities only those over files")
	}
	return nil
}

// What Landlock grants, in folders and of files. Nothing can be executed.
const (
	readFiles   = ll.AccessFSReadFile
	readFolder  = readFiles | ll.AccessFSReadDir
	writeFiles  = readFiles | ll.AccessFSWriteFile | ll.AccessFSTruncate
	writeFolder = writeFiles | readFolder | ll.AccessFSMakeReg | ll.AccessFSMakeDir |
		ll.AccessFSRemoveFile | ll.AccessFSRemoveDir
)

// Landlock's versions that brought what is told in a Report.
const (
	truncateABI = 3 // before it, a file of the user's could be emptied
	connectABI  = 4
)

// restrict leaves, of all files, only those that the process needs.
func restrict(p *places, r *Report) error {
	version, err := ll.LandlockGetABIVersion()
	if err != nil || version < 1 {
		r.Missing = append(r.Missing, "this kernel has no Landlock: only the modes of files keep the process from them")
		return nil
	}
	config := landlock.V10
	// Its scope for signals stands, on some kernels, between threads of one
	// process: the C library's setuid and Go's scheduler signal their own.
	config.Scoped = 0
	if p.dial {
		config.HandledAccessNet = 0
	}
	if err := config.BestEffort().Restrict(p.rules()...); err != nil {
		return fmt.Errorf("keeping the process from other files: %w", err)
	}
	where := "nowhere"
	if len(p.write) > 0 {
		where = "only to " + strings.Join(p.write, " and ")
	}
	r.Done = append(r.Done, "can write "+where)
	switch {
	case p.dial:
	case version >= connectABI:
		r.Done = append(r.Done, "no new TCP connections")
	default:
		r.Missing = append(r.Missing, fmt.Sprintf("this kernel's Landlock (version %d) cannot forbid TCP connections", version))
	}
	if version < truncateABI {
		r.Missing = append(r.Missing, fmt.Sprintf("this kernel's Landlock (version %d) cannot keep files from being emptied", version))
	}
	return nil
}

// rules are what p names, and what any Go program with libpcap and SQLite
// reads while it runs.
func (p *places) rules() []landlock.Rule {
	rules := []landlock.Rule{
		landlock.PathAccess(writeFolder, p.write...),
		folders(p.read...),
		// The time zone.
		files("/etc/localtime"), folders("/usr/share/zoneinfo"),
		// The names of users, for who triages.
		files("/etc/passwd", "/etc/group", "/etc/nsswitch.conf"),
		// The process's own figures, and a device's counters: its folder is a
		// link from the first to the second.
		folders("/proc/self", "/sys/class/net", "/sys/devices"), files("/proc/stat"),
		// SQLite's random numbers, and the terminal.
		files("/dev/urandom"),
		landlock.PathAccess(writeFiles, "/dev/null").IgnoreIfMissing(),
		landlock.PathAccess(writeFiles|ll.AccessFSIoctlDev, "/dev/tty").IgnoreIfMissing(),
	}
	if p.dial {
		rules = append(rules, names()...)
		// The certificates of who signs those of hosts.
		rules = append(rules, folders("/etc/ssl", "/etc/pki", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"))
	}
	return rules
}

// names are where the names of hosts are looked up. What changes these files
// puts new ones in their place, of which a rule for the old one knows nothing: a
// lease of DHCP, or who administers the host. So the folders count, of /etc its
// files only, and not for root, who could read all of them.
func names() []landlock.Rule {
	list := []landlock.Rule{
		files("/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/services"),
		folders("/run/systemd/resolve"),
	}
	if os.Geteuid() != 0 {
		list = append(list, files("/etc"))
	}
	// NetworkManager and others have a folder of their own there.
	if real, err := filepath.EvalSymlinks("/etc/resolv.conf"); err == nil && strings.HasPrefix(filepath.Dir(real), "/run/") {
		list = append(list, files(filepath.Dir(real)))
	}
	return list
}

func folders(paths ...string) landlock.Rule {
	return landlock.PathAccess(readFolder, paths...).IgnoreIfMissing()
}

func files(paths ...string) landlock.Rule {
	return landlock.PathAccess(readFiles, paths...).IgnoreIfMissing()
}
