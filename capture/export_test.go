package capture

// Limits of a Follower.
const (
	MaxFiles     = maxFiles
	MaxFileNames = maxFileNames
)

// Name gives an index to the name of a file.
func (f *Follower) Name(name string) int32 { return f.name(name) }

// More lets Next go on behind the end of a stream that has grown since.
func (r *Reader) More() { r.w.more() }
