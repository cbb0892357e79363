package engine

// HeldBack returns how many bytes the sessions hold back now.
func (e *Engine) HeldBack() int { return e.pool.Used() }
