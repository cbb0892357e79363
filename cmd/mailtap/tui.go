package main

import "github.com/spf13/cobra"

func tuiCommand(env *environment) *cobra.Command { return &cobra.Command{Use: "tui"} }
