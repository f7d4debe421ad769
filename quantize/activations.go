package quantize

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor/kernel"
)

// actRounding is the perturbation of an activation by each of its candidate grids.
// It is small where the value itself is made; what reads the value, moves its
// codes or adds it to another is behind it and in its gradient.
type actRounding struct {
	index  int         // of the activation
	source []*nn.Value // what is rounded
	grids  []kernel.Grid
}

// roundings are those of the activations that have several candidates, with the
// grids of st.
func roundings(g *nn.Graph, acts []ActConfig, st *Stats) ([]actRounding, error) {
	var out []actRounding
	for i, t := range groups(g) {
		if len(acts[i].Bits) == 1 {
			continue
		}
		if st == nil {
			return nil, errors.New("quantize: the bits of activations can be chosen only after calibration")
		}
		r := actRounding{index: i, source: t.source}
		for _, b := range acts[i].Bits {
			q, err := st.grid(t.name(), b)
			if err != nil {
				return nil, err
			}
			r.grids = append(r.grids, kernelGrid(q))
		}
		out = append(out, r)
	}
	return out, nil
}

// projection is ⟨g, Q(v) − v⟩ over the values v that are rounded to grid q, with
// their gradients g of the pass. codes is memory for some of them.
func (r actRounding) projection(p *train.Pass, q kernel.Grid, codes []uint8) float64 {
	var reals [256]float32
	for c := range q.Max + 1 {
		reals[c] = q.Real(uint8(c))
	}
	sum := 0.0
	for _, value := range r.source {
		v := p.Vars[value]
		if v.Grad == nil {
			continue // the output does not depend on it
		}
		x, g := v.Value.Float32(), v.Grad.Float32()
		for len(x) > 0 {
			n := min(len(x), len(codes))
			kernel.Quantize(codes[:n], x, q)
			sum += roundingDot(g[:n], x, codes, &reals)
			x, g = x[n:], g[n:]
		}
	}
	return sum
}

// roundingDot is Σ g·(reals[code] − x), in four interleaved chains of fixed order.
func roundingDot(g, x []float32, codes []uint8, reals *[256]float32) float64 {
	x, codes = x[:len(g)], codes[:len(g)]
	term := func(i int) float64 { return float64(float64(g[i]) * (float64(reals[codes[i]]) - float64(x[i]))) }
	var s [4]float64
	n := len(g) &^ 3
	for i := 0; i < n; i += 4 {
		s[0] += term(i)
		s[1] += term(i + 1)
		s[2] += term(i + 2)
		s[3] += term(i + 3)
	}
	for i := n; i < len(g); i++ {
		s[0] += term(i)
	}
	return s[0] + s[1] + (s[2] + s[3])
}

// check fails if there is a choice of activations that m does not measure.
func (s *Settings) check(m Metric) error {
	if measures[m].acts || !s.ChoosesActs() {
		return nil
	}
	var able []string
	for _, m := range Metrics() {
		if measures[m].acts {
			able = append(able, m.String())
		}
	}
	i := slices.IndexFunc(s.Acts, func(a ActConfig) bool { return len(a.Bits) > 1 })
	return fmt.Errorf("quantize: metric %v does not measure activations, and %s has candidates of %v bits; use one of %s, or a single bit-width of activations",
		m, s.Acts[i].Value, s.Acts[i].Bits, strings.Join(able, ", "))
}
