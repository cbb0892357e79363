package engine

// HeldBack returns how many bytes the sessions hold back now.
func (e *Engine) HeldBack() int { return e.pool.Used() }

// Doubted returns how many bytes of doubts are kept now.
func (e *Engine) Doubted() int { return e.doubted }
