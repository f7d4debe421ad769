package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

// store makes the step that copies output i of the graph out of the arena.
func (c *compiler) store(v *nn.Value, i int) step {
	s := c.slots[v]
	return eachImage(func(e *env, n int) {
		at := (e.first + n) * s.size
		if s.real {
			copy(e.out[i].Float32()[at:], e.real(s, n))
		} else {
			kernel.ToNCHW(e.out[i].Uint8()[at:at+s.size], e.code(s, n), s.c)
		}
	})
}
