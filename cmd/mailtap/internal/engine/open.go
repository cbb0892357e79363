package engine

// Flows returns how many connections are followed now.
func (e *Engine) Flows() int { return e.table.Stats().Open }
