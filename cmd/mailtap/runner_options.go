package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/capture"
)

// The values of --format.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatJSONL = "jsonl"
	formatCSV   = "csv"
)

// runOptions are the flags that analyze and capture share.
type runOptions struct {
	database    string
	format      string
	filter      string
	minSeverity string
	failOn      string
	showSecrets bool
	noContent   bool
	policy      string
	quiet       bool
}

func (o *runOptions) addFlags(cmd *cobra.Command, env *environment) {
	flags := cmd.Flags()
	databaseFlag(cmd, env, &o.database)
	flags.StringVar(&o.format, "format", formatTable, "`FORMAT` of the findings: table or jsonl")
	flags.StringVar(&o.filter, "filter", "", "only packets that match this `BPF` expression (see pcap-filter(7))")
	flags.StringVar(&o.minSeverity, "min-severity", "info", "write findings of this `SEVERITY` or more: info, low, medium, high, critical")
	flags.StringVar(&o.failOn, "fail-on", "", "exit with 3 if a finding of this `SEVERITY` or more was found")
	flags.BoolVar(&o.showSecrets, "show-secrets", false, "write passwords and tokens in this run's output; they are never stored, so what a finding quotes of earlier sessions stays masked")
	flags.StringVar(&o.policy, "policy", "", "policy `FILE`: what sessions have to do here; see 'mailtap policy'")
	flags.BoolVar(&o.noContent, "no-content", false, "keep no subjects and addresses of messages")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress and no remarks")
}

// severity reads a severity flag.
func severity(flag, value string) (alerts.Severity, error) {
	s, ok := alerts.ParseSeverity(value)
	if !ok {
		return 0, usageError{fmt.Errorf("--%s %s: say info, low, medium, high or critical", flag, value)}
	}
	return s, nil
}

// check tells what is wrong with the flags, before anything is opened.
func (o *runOptions) check() error {
	if o.format != formatTable && o.format != formatJSONL {
		return usageError{fmt.Errorf("--format %s: say table or jsonl", o.format)}
	}
	if _, err := severity("min-severity", o.minSeverity); err != nil {
		return err
	}
	if o.failOn != "" {
		if _, err := severity("fail-on", o.failOn); err != nil {
			return err
		}
	}
	return checkFilter(o.filter)
}

// checkFilter tells of an expression that is a filter for no link type.
func checkFilter(expression string) (err error) {
	if expression == "" {
		return nil
	}
	for _, link := range []capture.LinkType{capture.LinkLinuxSLL, capture.LinkPPP, capture.LinkEthernet} {
		if _, err = capture.CompileFilter(link, capture.MaxPacket, expression); err == nil {
			return nil
		}
	}
	return usageError{fmt.Errorf("--%w", err)}
}
