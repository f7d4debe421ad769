package infer

import "mixq/tensor/kernel"

// observe shows the outputs of the layer that st completes as real values.
func (s *Session) observe(st *step, images int) {
	e := &s.job.env
	for i, v := range st.node.Out {
		sl := st.outs[i]
		if sl.real {
			s.p.opt.Observe(st.node, v, e.realRange(sl, kernel.Range{Hi: images}))
			continue
		}
		g := grid(v)
		for n := range images {
			kernel.DequantizeNCHW(s.observed[n*sl.size:][:sl.size], e.code(sl, n), sl.c, g)
		}
		s.p.opt.Observe(st.node, v, s.observed[:images*sl.size])
	}
}
