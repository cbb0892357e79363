package confine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/confine"
)

// orderVariable in the environment makes the test's program a child that
// confines itself, for there is no way back.
const orderVariable = "MAILTAP_CONFINE_ORDER"

// order is what a child is to do.
type order struct {
	Options  confine.Options
	Threads  int      // that exist before
	Database string   // opened before, and used after
	Device   string   // opened before, and read after
	Read     []string // files and folders to try after
	Create   []string // files to try after
	Ancient  bool     // a kernel without Landlock
}

// outcome is what it found.
type outcome struct {
	Err     string
	Report  confine.Report
	Threads []map[string]string // the fields of /proc/self/task/*/status
	Tried   map[string]string   // "" done, else why not
}

func TestMain(m *testing.M) {
	text := os.Getenv(orderVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(o.carryOut()); err != nil {
		panic(err)
	}
}

// carryOut confines this process and looks what it can still do.
func (o *order) carryOut() (out outcome) {
	end := make(chan struct{})
	defer close(end)
	for range o.Threads {
		ready := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(ready)
			<-end
		}()
		<-ready
	}
	out.Tried = map[string]string{}
	try := func(name string, f func() error) {
		out.Tried[name] = ""
		if err := f(); err != nil {
			out.Tried[name] = reason(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	var db *store.Store
	if o.Database != "" {
		if db, err = store.Open(o.Database, store.Options{}); err != nil {
			panic(err)
		}
	}
	var live *capture.Live
	if o.Device != "" {
		loopbackUp()
		if live, err = capture.OpenLive(o.Device, capture.LiveOptions{Filter: "udp"}); err != nil {
			out.Err = "no capture: " + err.Error()
			return out
		}
		defer live.Close()
	}
	if o.Ancient {
		forbidLandlock()
	}

	if out.Report, err = confine.Drop(o.Options); err != nil {
		out.Err = err.Error()
	}

	out.Threads = threads()
	for _, path := range o.Read {
		try("read "+path, func() error { return readAny(path) })
	}
	for _, path := range o.Create {
		try("create "+path, func() error { return os.WriteFile(path, nil, 0o600) })
	}
	try("run", func() error { return exec.Command("/bin/true").Run() })
	try("connect", func() error { return dial(listener.Addr()) })
	try("listen", func() error { return listen() })
	if db != nil {
		try("database", func() error { return useDatabase(db, o.Database) })
	}
	if live != nil {
		try("packets", func() error { return packets(live) })
		try("device", func() error {
			again, err := capture.OpenLive(o.Device, capture.LiveOptions{})
			if err == nil {
				again.Close()
			}
			return err
		})
	}
	return out
}

// reason is short and the same everywhere.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

func readAny(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

func dial(addr net.Addr) error {
	c, err := net.Dial("tcp", addr.String())
	if err == nil {
		c.Close()
	}
	return err
}

// listen makes a plain TCP socket: Go's own listens with Multipath TCP, of
// which Landlock knows nothing.
func listen() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
}

// useDatabase reads it anew, and folds the log in as it closes.
func useDatabase(db *store.Store, path string) error {
	r, err := store.OpenReader(path)
	if err != nil {
		return err
	}
	_, err = r.Info()
	return errors.Join(err, r.Close(), db.Close())
}

// packets reads one that is sent now, and the counters.
func packets(live *capture.Live) error {
	c, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		return err
	}
	defer c.Close()
	var p capture.Packet
	for end := time.Now().Add(waitAtMost); time.Now().Before(end); {
		c.Write([]byte("seen?")) // nobody answers: every other time that is an error
		switch err := live.Next(&p); {
		case err == nil:
			_, err = live.Stats()
			return err
		case !errors.Is(err, capture.ErrTimeout):
			return err
		}
	}
	return fmt.Errorf("none within %v", waitAtMost)
}

// threads reads the status of each thread.
func threads() (list []map[string]string) {
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(tasks) == 0 {
		panic(fmt.Sprint("no threads: ", err))
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		fields := map[string]string{}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			fields[name] = strings.Join(strings.Fields(value), " ")
		}
		list = append(list, fields)
	}
	return list
}

// loopbackUp switches on the device of a new network namespace.
func loopbackUp() {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		panic(err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		panic(err)
	}
}
