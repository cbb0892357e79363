// Command mailtap finds insecure mail sessions in network traffic: whose
// password crosses readable, which server or client is to blame, and whether
// somebody strips the encryption.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Without this, Go dies when nobody reads stdout any more, as in
	// "mailtap analyze x.pcap | head": the database would miss the rest.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], &environment{
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		getenv: os.Getenv,
	}))
}
