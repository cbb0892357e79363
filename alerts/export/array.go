package export

import "io"

// Array makes one JSON array of the objects that a JSONL writes to it.
type Array struct {
	w     io.Writer
	begun bool
}

// NewArray returns an array that is written to w. Close ends it.
func NewArray(w io.Writer) *Array { return &Array{w: w} }

// Write takes one object and its line end.
func (a *Array) Write(object []byte) (int, error) {
	mark := ",\n "
	if !a.begun {
		a.begun = true
		mark = "[\n "
	}
	if _, err := io.WriteString(a.w, mark); err != nil {
		return 0, err
	}
	if n, err := a.w.Write(object[:len(object)-1]); err != nil {
		return n, err
	}
	return len(object), nil
}

// Close ends the array.
func (a *Array) Close() error {
	end := "\n]\n"
	if !a.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(a.w, end)
	return err
}
