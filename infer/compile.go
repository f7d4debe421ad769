package infer

import (
	"fmt"

	"mixq/infer/artifact"
	"mixq/internal/par"
	"mixq/nn"
)

// Program is a network ready to run. It is immutable and safe for concurrent
// use; the graph that it was made from must not change while it is in use.
type Program struct {
	graph *nn.Graph
	meta  artifact.Meta
	opt   Options
	steps []step

	group              int // images that go through all steps together
	realSize, codeSize int // of the arenas, for one image
	scratch            scratchSize
}

// Open reads a .mixq file and compiles its network. Errors name the file.
func Open(path string, o Options) (*Program, error) {
	f, err := artifact.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := Compile(f.Graph, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p.meta = f.Meta
	return p, nil
}

// Compile plans and packs g, whose values must have N = 1 (Options.Batch says
// how many images run at once). It chooses kernels for the current level of
// package isa. It fails if g is invalid or has parameters without data, if a
// layer has no form for its mix of real and quantized values, and in Float mode
// if any value is quantized.
func Compile(g *nn.Graph, o Options) (*Program, error) {
	o, err := o.resolve()
	if err != nil {
		return nil, err
	}
	if err := check(g, o.Mode); err != nil {
		return nil, err
	}
	c := newCompiler(g, o)
	if err := c.plan(); err != nil {
		return nil, err
	}
	return c.finish()
}

// Graph is the network that the program runs; it must not be changed. Of a program
// from Open, its parameters have no data: the packed weights are all that is kept.
func (p *Program) Graph() *nn.Graph { return p.graph }

// Meta is what the file said about itself; zero for a Program from Compile.
func (p *Program) Meta() artifact.Meta { return p.meta }

// compiler turns a valid graph into a program.
type compiler struct {
	g     *nn.Graph
	opt   Options
	slots map[*nn.Value]*slot
	all   []*slot // without duplicates, in the order of making
	steps []step
}

func newCompiler(g *nn.Graph, o Options) *compiler {
	c := &compiler{g: g, opt: o, slots: map[*nn.Value]*slot{}}
	for _, v := range g.Inputs {
		c.addSlot(v)
	}
	for _, n := range g.Nodes {
		if v, ok := c.alias(n); ok {
			c.slots[n.Out[0]] = c.slots[v]
			continue
		}
		for _, v := range n.Out {
			c.addSlot(v)
		}
	}
	c.setLives()
	return c
}

func (c *compiler) addSlot(v *nn.Value) {
	s := newSlot(v.Type.Shape, c.isReal(v))
	c.slots[v] = s
	c.all = append(c.all, s)
}

// isReal reports whether v is held in float32.
func (c *compiler) isReal(v *nn.Value) bool { return c.opt.Mode != Integer || v.Type.Quant == nil }

// plan makes the steps: load inputs, run nodes, store outputs. Nodes are
// planned in parallel, because packing weights takes most of the time.
func (c *compiler) plan() error {
	nodes := make([][]step, len(c.g.Nodes))
	errs := make([]error, len(c.g.Nodes))
	par.For(c.opt.Threads, len(c.g.Nodes), func(_, i int) {
		nodes[i], errs[i] = c.planNode(c.g.Nodes[i])
	})
	for i, v := range c.g.Inputs {
		c.steps = append(c.steps, c.load(v, i))
	}
	for i, n := range c.g.Nodes {
		if errs[i] != nil {
			return fmt.Errorf("infer: %s: %w", n.Name, errs[i])
		}
		c.steps = append(c.steps, nodes[i]...)
	}
	for i, v := range c.g.Outputs {
		c.steps = append(c.steps, c.store(v, i))
	}
	return nil
}

// planNode makes the steps of one node, of which the last completes it.
func (c *compiler) planNode(n *nn.Node) ([]step, error) {
	plan, err := c.planner(n)
	if err != nil {
		return nil, err
	}
	s, err := plan(c, n)
	if err != nil {
		return nil, err
	}
	steps := []step{s}
	if c.opt.Mode == Simulate && n.Out[0].Type.Quant != nil && !n.Op.Kind().CodesMove() {
		steps = append(steps, c.round(n.Out[0]))
	}
	last := &steps[len(steps)-1]
	last.node = n
	for _, v := range n.Out {
		last.outs = append(last.outs, c.slots[v])
	}
	return steps, nil
}

// setLives says from when to when each slot is needed. Time goes on by one with
// every input that is loaded, node that runs and output that is stored.
func (c *compiler) setLives() {
	now := 0
	pass := func(in, out []*nn.Value) {
		for _, v := range in {
			if sl := c.slots[v]; sl != nil { // not a parameter
				sl.last = now
			}
		}
		for _, v := range out {
			sl := c.slots[v]
			if sl.first < 0 {
				sl.first = now
			}
			sl.last = now
		}
		now++
	}
	for i := range c.g.Inputs {
		pass(nil, c.g.Inputs[i:i+1])
	}
	for _, n := range c.g.Nodes {
		pass(n.In, n.Out)
	}
	for i := range c.g.Outputs {
		pass(c.g.Outputs[i:i+1], nil)
	}
}

// groupBytes is the size of arena that images which run together may take: a
// part of a second-level cache.
const groupBytes = 1 << 20

// finish places the slots and sizes everything.
func (c *compiler) finish() (*Program, error) {
	p := &Program{graph: c.g, opt: c.opt, steps: c.steps}
	p.realSize, p.codeSize = c.place()
	for _, s := range p.steps {
		p.scratch.cover(s.need)
	}
	p.group = p.opt.Batch
	if p.opt.Observe == nil { // an observer sees the whole batch at once
		p.group = min(p.group, max(groupBytes/max(4*p.realSize+p.codeSize, 1), 4*p.opt.Threads))
	}
	if n := p.ArenaBytes(); n > maxArena {
		return nil, fmt.Errorf("infer: %s: a session would take %d MiB, want at most %d; use a smaller batch", c.g.Name, n>>20, int64(maxArena)>>20)
	}
	return p, nil
}

// ArenaBytes is the memory that a session holds for activations and scratch.
func (p *Program) ArenaBytes() int64 {
	s := p.scratch
	perWorker := 4*int64(s.reals) + int64(s.codes) + 4*int64(s.sums)
	return int64(p.group)*(4*int64(p.realSize)+int64(p.codeSize)) + int64(p.opt.Threads)*perWorker
}

// WeightBytes is the memory that the packed weights of all layers take.
func (p *Program) WeightBytes() int64 {
	var sum int64
	for i := range p.steps {
		sum += p.steps[i].weights
	}
	return sum
}
