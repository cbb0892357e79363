// Command mailgen writes capture files to test and measure with: mail sessions
// in clear, alone or among other traffic, and the truth about their log-ins.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

const help = `usage: mailgen --kind KIND [--bytes SIZE | --sessions N] [--seed N] --out FILE [--truth FILE]

Writes a pcap capture of made-up traffic to FILE, "-" for standard output. The
same KIND, size and seed always give the same bytes. KIND is one of

  mail     SMTP, IMAP and POP3 in clear, with messages of 4 to 200 KB
  span     3 % mail, the rest HTTP, TLS, SSH, DNS, QUIC and ARP
  logins   short log-ins, 200,000 where nothing else is said
  dirty    as mail, with packets lost, late, doubled and sent again

SIZE is a number of bytes, or one with kB, MB or GB (powers of 1000). The truth
has one JSON object a line for each log-in: protocol, client, server, mechanism,
account, secret, accepted, and complete, which is false where a packet of it was
not captured.

Exit status: 0 done; 1 a file could not be written; 2 wrong flags.

example:
  mailgen --kind span --bytes 1GB --seed 1 --out span.pcap --truth span.jsonl

flags:
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// settings is what was asked for.
type settings struct {
	options    traffic.Options
	out, truth string
}

func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "mailgen: %v (mailgen --help tells more)\n", err)
		return 2
	}
	summary, err := generate(s, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "mailgen: %v\n", err)
		return 1
	}
	fmt.Fprintf(stderr, "%s: %d bytes, %d packets, %d mail sessions, %d log-ins\n",
		s.out, summary.Bytes, summary.Packets, summary.Sessions, summary.Credentials)
	return 0
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("mailgen", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run tells of errors
	flags.StringVar(&s.options.Kind, "kind", "", "mail, span, logins or dirty")
	flags.Func("bytes", "`SIZE` of the capture, about", func(v string) (err error) {
		s.options.Bytes, err = parseSize(v)
		return err
	})
	flags.IntVar(&s.options.Sessions, "sessions", 0, "mail sessions, instead of a size")
	flags.Uint64Var(&s.options.Seed, "seed", 0, "another seed gives other traffic")
	flags.StringVar(&s.out, "out", "", "capture `FILE`, - for standard output")
	flags.StringVar(&s.truth, "truth", "", "truth `FILE`, in JSON lines")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, help)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return s, err
	case err != nil:
		return s, err
	case flags.NArg() > 0:
		return s, fmt.Errorf("%q: not a flag", flags.Arg(0))
	case s.out == "":
		return s, errors.New("--out is missing")
	}
	return s, s.options.Check()
}

var units = []struct {
	suffix string
	factor int64
}{{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"", 1}}

// parseSize reads a size such as 500MB.
func parseSize(v string) (int64, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(v, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n <= 0 || n > 1e15/u.factor {
			break
		}
		return n * u.factor, nil
	}
	return 0, errors.New("not a size such as 500MB")
}

// generate writes the capture, and the truth where it is wanted.
func generate(s settings, stdout io.Writer) (traffic.Summary, error) {
	out, closeOut, err := create(s.out, stdout)
	if err != nil {
		return traffic.Summary{}, err
	}
	if s.truth == "" {
		summary, err := traffic.Write(out, s.options, nil)
		return summary, errors.Join(err, closeOut())
	}
	file, closeTruth, err := create(s.truth, stdout)
	if err != nil {
		return traffic.Summary{}, errors.Join(err, closeOut())
	}
	lines := bufio.NewWriter(file)
	encoder := json.NewEncoder(lines)
	encoder.SetEscapeHTML(false)
	summary, err := traffic.Write(out, s.options, func(c traffic.Credential) {
		encoder.Encode(c) // an error stays with lines until it is flushed
	})
	return summary, errors.Join(err, lines.Flush(), closeOut(), closeTruth())
}

// create makes the file at path, readable by its owner alone; "-" is stdout.
func create(path string, stdout io.Writer) (io.Writer, func() error, error) {
	if path == "-" {
		return stdout, func() error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}
