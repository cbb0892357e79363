package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/capture"
)

func interfacesCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:     "interfaces",
		Short:   "list the devices that 'mailtap capture' can read",
		Example: "  mailtap interfaces",
		Args:    arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			list, err := capture.Interfaces()
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "NAME\tSTATE\tADDRESSES\tDESCRIPTION")
			for _, i := range list {
				state := "down"
				if i.Up {
					state = "up"
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", i.Name, state, strings.Trim(fmt.Sprint(i.Addresses), "[]"), i.Description)
			}
			return t.Flush()
		},
	}
}
