//go:build unix && !linux

package confine

import "runtime"

func dropBounding() {}

// harden tells that there is nothing of the kind here.
func harden(_ *places, r *Report) error {
	r.Missing = append(r.Missing, "on "+runtime.GOOS+" only the modes of files keep the process from them")
	return nil
}
