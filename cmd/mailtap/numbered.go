package main

import "fmt"

// numbered counts things as people do: "1 case", "2 cases".
func numbered[N int | int64 | uint64](n N, one, many string) string {
	return fmt.Sprintf("%d %s", n, plural(n, one, many))
}

// plural returns one or many, as goes with a number.
func plural[N int | int64 | uint64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
