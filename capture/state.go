package capture

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// lookEvery is how often the state of a silent device is looked at.
const lookEvery = time.Second

// State is how a device is.
type State uint8

// The states.
const (
	Up   State = iota
	Down       // no link, or switched off: it may come back
	Gone       // removed: a device of the same name would be another one
)

// Change is returned by Live.Next and Devices.Batch when the state of a device
// has changed.
type Change struct {
	Device string
	State  State
	Err    error // that was met; may be nil
}

func (c *Change) Error() string {
	switch c.State {
	case Up:
		return c.Device + ": the link is up again"
	case Down:
		return c.Device + ": the link is down; waiting for it"
	}
	return fmt.Sprintf("%s: the device is gone (%s)", c.Device, c.Reason())
}

// Reason is the error that was met, in words.
func (c *Change) Reason() string {
	if c.Err == nil {
		return "it was removed"
	}
	return c.Err.Error()
}

func (c *Change) Unwrap() error { return c.Err }

// look finds out how the device is, after err or none, and returns a *Change
// or ErrTimeout.
func (l *Live) look(err error) error {
	l.looked = time.Now()
	state := l.present(err)
	if state == l.state {
		if err != nil {
			time.Sleep(liveTimeout) // an error may come at once, again and again
		}
		return ErrTimeout
	}
	l.state = state
	return &Change{Device: l.name, State: state, Err: err}
}

func (l *Live) present(err error) State {
	if l.index == 0 { // "any" does not go away, and another one cannot be asked
		if err != nil {
			return Gone
		}
		return Up
	}
	device, missing := net.InterfaceByIndex(l.index)
	var refused syscall.Errno
	switch {
	case errors.As(missing, &refused):
		return l.state // the system could not be asked
	case missing != nil:
		return Gone
	case device.Flags&net.FlagUp == 0, device.Flags&net.FlagRunning == 0:
		return Down
	case err != nil:
		return Down // and up with the next look
	}
	return Up
}
