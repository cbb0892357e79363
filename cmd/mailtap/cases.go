package main

import "github.com/spf13/cobra"

func casesCommand(env *environment) *cobra.Command { return &cobra.Command{Use: "cases"} }
func tuiCommand(env *environment) *cobra.Command   { return &cobra.Command{Use: "tui"} }
