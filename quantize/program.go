package quantize

import (
	"fmt"
	"slices"
)

// program is an allocation as a choice of bit-widths. What layers cost depends
// on two of them, that of their weights and that of their input; layers for which
// both are chosen together are a pair.
type program struct {
	table   *SensTable
	rows    []row     // of the budgets
	weights []*choice // by layer
	acts    []*choice // by activation
	choices []*choice // of both, each once
	options []option  // of the pairs, those of one pair together
}

// pair is the layers whose weights and inputs are two choices.
type pair struct {
	weight, act *choice // act is nil if their inputs have one width each
	layers      []int
}

// option is a pair with its widths, by their places among the candidates; act is
// 0 if there is no such choice.
type option struct {
	*pair
	w, a int
}

// row limits the use of a resource.
type row struct {
	budget   Budget
	cost     cost
	capacity int64
}

// newProgram states the choices and limits. Sensitivities may be missing.
func newProgram(sens *SensTable, limits Limits) (*program, error) {
	if err := sens.check(); err != nil {
		return nil, err
	}
	if err := limits.validate(); err != nil {
		return nil, err
	}
	p := &program{table: sens}
	if err := p.choose(limits.Ties); err != nil {
		return nil, err
	}
	p.combine()
	for _, b := range limits.Budgets {
		c, err := budgetKinds[b.Kind].cost(sens, limits.Table)
		if err != nil {
			return nil, err
		}
		p.rows = append(p.rows, row{b, c, b.capacity(sens)})
	}
	return p, nil
}

// choose makes the choices of weights and activations.
func (p *program) choose(ties []Tie) (err error) {
	layers, values := newClasses(len(p.table.Layers)), newClasses(len(p.table.Acts))
	for _, t := range ties {
		m, err := t.match(p.table.Layers)
		if err != nil {
			return err
		}
		if !t.Inputs {
			layers.join(m)
			continue
		}
		inputs, err := p.inputs(t, m)
		if err != nil {
			return err
		}
		values.join(inputs)
	}
	for _, l := range p.table.Layers {
		p.weights = append(p.weights, newChoice(l.Layer, l.Bits, l.Sensitivity))
	}
	for _, a := range p.table.Acts {
		p.acts = append(p.acts, newChoice(a.Value, a.Bits, a.Sensitivity))
	}
	if p.weights, err = layers.merged(p.weights); err == nil {
		p.acts, err = values.merged(p.acts)
	}
	return err
}

// inputs are the activations of several widths that some layers read: those that
// t ties.
func (p *program) inputs(t Tie, layers []int) (acts []int, err error) {
	for _, i := range layers {
		k := p.input(i)
		if k < 0 {
			return nil, fmt.Errorf("quantize: tie %q: the sensitivities do not tell the input of %s; measure them again", t, p.table.Layers[i].Layer)
		}
		if len(p.table.Acts[k].Bits) > 1 {
			acts = append(acts, k)
		}
	}
	return acts, nil
}

// input is the activation that layer i reads, -1 if that is not known.
func (p *program) input(i int) int { return p.table.act(p.table.Layers[i].Input) }

// combine makes pairs and options in the order of layers, and lists the choices.
func (p *program) combine() {
	var pairs []*pair
	of := map[[2]*choice]*pair{}
	for i, w := range p.weights {
		key := [2]*choice{w}
		if k := p.input(i); k >= 0 && len(p.acts[k].bits) > 1 {
			key[1] = p.acts[k]
		}
		if of[key] == nil {
			of[key] = &pair{weight: w, act: key[1]}
			pairs = append(pairs, of[key])
		}
		of[key].layers = append(of[key].layers, i)
	}
	for _, pr := range pairs {
		pr.weight.pairs++
		widths := 1
		if pr.act != nil {
			pr.act.pairs++
			widths = len(pr.act.bits)
		}
		for w := range pr.weight.bits {
			for a := range widths {
				p.options = append(p.options, option{pr, w, a})
			}
		}
	}
	for _, c := range slices.Concat(p.weights, p.acts) {
		if !slices.Contains(p.choices, c) {
			p.choices = append(p.choices, c)
		}
	}
}

// cost is what the layers of an option take.
func (p *program) cost(c cost, o option) (sum int64) {
	if c.layer == nil {
		return 0
	}
	var a uint8
	if o.act != nil {
		a = o.act.bits[o.a]
	}
	for _, i := range o.layers {
		if k := p.input(i); o.act == nil && k >= 0 {
			a = p.acts[k].bits[0]
		}
		sum += c.layer(i, o.weight.bits[o.w], a)
	}
	return sum
}

// spent is what a solution takes.
func (p *program) spent(c cost, s solution) int64 {
	sum := c.fixed
	for _, o := range p.options {
		if s[o.weight] == o.w && (o.act == nil || s[o.act] == o.a) {
			sum += p.cost(c, o)
		}
	}
	return sum
}

// spentOfRows is what a solution takes of each row.
func (p *program) spentOfRows(s solution) []int64 {
	var used []int64
	for _, r := range p.rows {
		used = append(used, p.spent(r.cost, s))
	}
	return used
}

// paired reports whether some cost depends on both choices.
func (p *program) paired(a, b *choice) bool {
	return slices.ContainsFunc(p.options, func(o option) bool {
		return o.weight == a && o.act == b || o.weight == b && o.act == a
	})
}

// solution gives every choice the place of its width.
type solution map[*choice]int

// bits is the width that c takes.
func (s solution) bits(c *choice) uint8 { return c.bits[s[c]] }
