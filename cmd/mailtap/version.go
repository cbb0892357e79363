package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/google/gopacket/pcap"
	"github.com/mattn/go-sqlite3"
	"github.com/spf13/cobra"
)

// version is set by the linker for a release: -X main.version=1.2.3.
var version = "development"

func versionCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version of mailtap and of what it is built with",
		Example: "  mailtap version",
		Args:    arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			sqlite, _, _ := sqlite3.Version()
			_, err := fmt.Fprintf(env.stdout, "mailtap %s%s\n%s %s/%s\n%s\nSQLite %s\n",
				version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH, pcap.Version(), sqlite)
			return err
		},
	}
}

// revision names the commit the program was built from, where Go knows it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return " (" + s.Value[:min(12, len(s.Value))] + ")"
		}
	}
	return ""
}
