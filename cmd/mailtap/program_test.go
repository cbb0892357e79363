package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be mailtap, for tests that need a process of
// their own: "mailtap" stands in PATH.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"mailtap": main})
}

// tidy removes what tests have built, when all have run.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	defer func() { os.RemoveAll(builtFolder) }() // "" is nothing
	return m.M.Run()
}

// builtFolder holds the built program; "": it was not needed.
var builtFolder string

var buildOnce = sync.OnceValues(func() (string, error) {
	var err error
	if builtFolder, err = os.MkdirTemp("", "mailtap-built"); err != nil {
		return "", err
	}
	binary := filepath.Join(builtFolder, "mailtap")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// buildMailtap builds the program as people run it, once for all tests.
func buildMailtap(t *testing.T) string {
	t.Helper()
	binary, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// ended is what a program has left behind.
type ended struct {
	status         int
	stdout, stderr string
}

// program runs mailtap as a process. prepare may change how it is started.
func program(t *testing.T, prepare func(*exec.Cmd), args ...string) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "mailtap", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if prepare != nil {
		prepare(cmd)
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
