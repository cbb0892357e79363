package view

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// Packets come from elsewhere, see Options.
var errNoPackets = errors.New("packets cannot be written from here: use 'mailtap export pcap'")

// writePackets writes the packets of what is selected into a file.
func (a *app) writePackets(path string) error {
	if path == "" {
		return errors.New("name the file to write, such as case.pcapng")
	}
	path, err := filepath.Abs(atHome(path))
	if err != nil {
		return err
	}
	what, err := a.packeted()
	if err != nil {
		return err
	}
	a.into(path, func(replace bool) {
		a.packets(path, replace, what, func(did string, err error) {
			if a.wrong = a.cannotWrite(err); err == nil {
				a.said = render.Clean(path) + ": " + did
			}
		})
	})
	return nil
}

// withPackets is what packets are of: cases or sessions.
type withPackets struct {
	cases    []alerts.CaseID
	sessions []alerts.SessionID
}

// packeted is what is selected.
func (a *app) packeted() (what withPackets, err error) {
	switch p := a.top(); {
	case p.behind():
		return what, errBehind
	case a.options.Packets == nil:
		return what, errNoPackets
	case p.on&(casesScreen|caseScreen) != 0:
		what.cases, _ = a.chosenCases()
	case p.on == sessionScreen:
		what.sessions = []alerts.SessionID{p.sessionID}
	case p.listed != nil && a.row() >= 0 && a.row() < len(p.listed.Rows):
		what.sessions = []alerts.SessionID{p.listed.Rows[a.row()].ID}
	}
	if len(what.cases) == 0 && len(what.sessions) == 0 {
		err = errors.New("no case and no session is selected here")
	}
	return what, err
}

// packets writes packets while the program goes on, and calls done.
func (a *app) packets(path string, replace bool, what withPackets, done func(did string, err error)) {
	if a.job != nil {
		done("", errBusy)
		return
	}
	j := &job{ctx: a.ctx, path: render.Clean(path), kind: "bytes"}
	a.work(j, func() func() {
		more, err := false, error(nil)
		if len(what.cases) > 0 {
			what.sessions, more, err = model.SessionIDs(a.source, what.cases)
		}
		did := ""
		if err == nil {
			did, err = a.options.Packets(a.ctx, PacketFile{Path: path, Replace: replace, Sessions: what.sessions, Written: j.bytes})
		}
		if more {
			did += fmt.Sprintf("; only the newest %d sessions", model.MaxSessions)
		}
		return func() { done(did, err) }
	})
}

// openPackets shows the packets in the first of the viewers that is there.
func (a *app) openPackets() {
	what, err := a.packeted()
	var v viewer
	if err == nil {
		v, err = a.viewer()
	}
	if err != nil {
		a.wrong = err
		return
	}
	folder, err := os.MkdirTemp("", "mailtap") // 0700
	if err != nil {
		a.wrong = err
		return
	}
	path := filepath.Join(folder, "evidence.pcapng")
	a.packets(path, false, what, func(_ string, err error) {
		if err == nil {
			a.loop.Suspend(func() { err = v.show(path) })
		}
		a.wrong = errors.Join(err, os.RemoveAll(folder))
	})
}

// viewer is a program that shows packets.
type viewer struct {
	program string
	args    []string // before the file
	window  bool     // it needs a display
	waits   bool     // it only prints: Enter ends it
}

var viewers = []viewer{
	{program: "termshark", args: []string{"-r"}},
	{program: "wireshark", args: []string{"-r"}, window: true},
	{program: "tshark", args: []string{"-r"}, waits: true},
}

// viewer chooses one. Their dissectors read what peers sent, so root opens
// none of them.
func (a *app) viewer() (viewer, error) {
	if a.capturing() {
		return viewer{}, errors.New("a capture may start no other program: ':pcap FILE' writes the packets, or press p in a 'mailtap tui' beside it")
	}
	if a.euid() == 0 {
		return viewer{}, errors.New("no packets are shown as root: ':pcap FILE' writes them, open that as another user")
	}
	display := os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	var names []string
	for _, v := range viewers {
		path, err := exec.LookPath(v.program)
		if err == nil && (display || !v.window) {
			v.program = path
			return v, nil
		}
		names = append(names, v.program)
	}
	return viewer{}, fmt.Errorf("none of %s is installed: ':pcap FILE' writes the packets", strings.Join(names, ", "))
}

func (v *viewer) show(path string) error {
	cmd := exec.Command(v.program, append(v.args, path)...)
	cmd.Stderr = os.Stderr
	if less, err := exec.LookPath("less"); err == nil && v.waits {
		return paged(cmd, less)
	}
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	err := cmd.Run()
	if v.waits {
		fmt.Print("\nEnter goes back. ")
		fmt.Scanln()
	}
	return err
}

// paged shows what a program prints screen by screen, control characters made
// harmless. What it fails with is on the screen too.
func paged(printer *exec.Cmd, less string) error {
	printed, err := printer.StdoutPipe()
	if err != nil {
		return err
	}
	pager := exec.Command(less)
	pager.Env = append(os.Environ(), "LESSSECURE=1", "LESS=-S") // no shell from there, and no -r of the user's
	pager.Stdin, pager.Stdout, pager.Stderr = printed, os.Stdout, os.Stderr
	if err := printer.Start(); err != nil {
		return err
	}
	err = pager.Run()
	printed.Close()
	printer.Wait() // that nobody reads it to its end is no error
	return err
}
