package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the manual pages. It is for packagers: make install.
func manCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "write the manual pages into a folder",
		Example: "  mailtap man /usr/local/share/man/man1",
		Hidden:  true,
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, &doc.GenManHeader{Title: "MAILTAP", Section: "1", Source: "mailtap", Manual: "mailtap"}, args[0])
		},
	}
}
