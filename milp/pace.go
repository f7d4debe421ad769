package milp

import "context"

// paceWork is the work between two looks at the context: a few milliseconds.
const paceWork = 1 << 18

// pace looks at a context now and then while a large model is being set up.
// Small ones are set up whatever the context says, so that something is known.
type pace struct {
	ctx  context.Context
	work int
}

// spend adds n steps to the work done and returns the error of the context if
// it has ended by the time it is looked at.
func (p *pace) spend(n int) error {
	if p.work += n; p.work < paceWork {
		return nil
	}
	p.work = 0
	return p.ctx.Err()
}
