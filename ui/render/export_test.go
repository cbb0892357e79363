package render

// What the tests look into.
var (
	Fit    = fit
	Middle = middle
	Start  = start
	Wrap   = wrap
	Short  = short
)
