package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/dissect"
)

// completeFlags lets the shell complete what the flags of cmd and of the
// commands below it take, where that is one of a few words.
func completeFlags(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		completeFlags(below)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if words := wordsOf(cmd, f.Name); words != nil {
			// It fails only for a flag that is not there.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return words(), cobra.ShellCompDirectiveNoFileComp
			})
		}
	})
}

// wordsOf returns what lists the words that a flag takes, nil where it takes
// something else.
func wordsOf(cmd *cobra.Command, flag string) func() []string {
	switch flag {
	case "min-severity", "fail-on":
		return func() []string { return names(alerts.Info, alerts.Critical) }
	case "status":
		return func() []string { return names(alerts.New, alerts.FalsePositive) }
	case "verdict":
		return func() []string { return names(alerts.UnknownVerdict, alerts.Exposed) }
	case "protocol":
		return func() []string { return names(dissect.SMTP, dissect.ManageSieve) }
	case "direction":
		return func() []string { return []string{"both", "in", "out"} }
	case "rule":
		return ruleIDs
	case "interface":
		return deviceNames
	case "format":
		return func() []string { return formats(cmd.Name()) }
	}
	return nil
}

// formats returns the values of --format of a command.
func formats(command string) []string {
	switch command {
	case "analyze", "capture":
		return []string{formatTable, formatJSONL}
	case "case":
		return []string{formatTable, formatJSON}
	}
	return []string{formatTable, formatJSON, formatJSONL, formatCSV}
}

// names returns the words for the values from first to last.
func names[T interface {
	~uint8
	String() string
}](first, last T) (words []string) {
	for v := first; v <= last; v++ {
		words = append(words, v.String())
	}
	return words
}

func ruleIDs() (ids []string) {
	for _, r := range rules.Rules {
		ids = append(ids, r.ID)
	}
	return ids
}

// deviceNames returns none where they cannot be listed.
func deviceNames() (devices []string) {
	list, _ := capture.Interfaces()
	for _, i := range list {
		devices = append(devices, i.Name)
	}
	return devices
}
