package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCorners plays every dialogue of testdata/dialogues, as TestTraps does:
// what servers and clients do where something is set up wrong.
func TestCorners(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogues/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no dialogues", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { trap(t, file) })
	}
}
