package render

// What the tests look into.
var (
	Clean  = clean
	Fit    = fit
	Middle = middle
	Start  = start
	Wrap   = wrap
	Short  = short
)
