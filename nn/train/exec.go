package train

import (
	"fmt"

	"mixq/autograd"
	"mixq/nn"
	"mixq/tensor"
)

// Options says how Forward runs a graph. The zero value runs it as in inference
// and records gradients for all parameters.
type Options struct {
	Train    bool                        // batch-norm normalises by the batch instead of the running statistics
	Constant bool                        // parameters are constants: only Override and the inputs get gradients
	Override map[*nn.Value]*autograd.Var // used instead of the Data of these parameters; on the same tape

	// Output, if not nil, is given every computed value and its variable, and
	// returns what later layers see of it and the pass records: rounding them,
	// for one.
	Output func(v *nn.Value, x *autograd.Var) *autograd.Var
}

// Pass is a recorded forward pass.
type Pass struct {
	Out   []*autograd.Var             // of the graph's outputs
	Vars  map[*nn.Value]*autograd.Var // of every input, parameter and computed value
	Stats []Stats                     // of every batch-norm that normalised by the batch, in order
}

// Stats are the batch statistics of one batch-norm layer; they belong to the
// tape.
type Stats struct {
	Node           *nn.Node
	Mean, Variance *tensor.Tensor // [C]; the variance is the biased one
	Count          int            // values per channel
}

// Forward runs g on the inputs in, whose leading dimension is the batch, and
// records it on t. It fails, naming the value or layer, if inputs do not have
// the shapes of the graph, parameters have no data, or a value is quantized.
func Forward(t *autograd.Tape, g *nn.Graph, in []*autograd.Var, o Options) (*Pass, error) {
	e := executor{tape: t, train: o.Train, output: o.Output, pass: &Pass{Vars: map[*nn.Value]*autograd.Var{}}}
	if err := e.bindInputs(g, in); err != nil {
		return nil, err
	}
	if err := e.bindParams(g, o); err != nil {
		return nil, err
	}
	for _, n := range g.Nodes {
		if err := e.run(n); err != nil {
			return nil, fmt.Errorf("nn/train: %s: %w", n.Name, err)
		}
	}
	for _, v := range g.Outputs {
		e.pass.Out = append(e.pass.Out, e.pass.Vars[v])
	}
	return e.pass, nil
}

// executor is a forward pass in progress.
type executor struct {
	tape   *autograd.Tape
	train  bool
	output func(*nn.Value, *autograd.Var) *autograd.Var
	pass   *Pass
}

func (e *executor) bindInputs(g *nn.Graph, in []*autograd.Var) error {
	if len(in) != len(g.Inputs) {
		return fmt.Errorf("nn/train: %d inputs for %s, which has %d", len(in), g.Name, len(g.Inputs))
	}
	for i, v := range g.Inputs {
		got, want := in[i].Value.Shape(), v.Type.Shape
		if len(got) != len(want) || !got[1:].Equal(want[1:]) {
			return fmt.Errorf("nn/train: input %s is %v, want %v with any leading size", v.Name, got, want)
		}
		e.pass.Vars[v] = in[i]
	}
	return nil
}

func (e *executor) bindParams(g *nn.Graph, o Options) error {
	fixed := statistics(g)
	for _, v := range g.Params() {
		switch {
		case o.Override[v] != nil:
			e.pass.Vars[v] = o.Override[v]
		case v.Data == nil:
			return fmt.Errorf("nn/train: %s has no data; bind weights or initialise them first", v.Name)
		case v.Type.Quant != nil || v.Type.DType != tensor.Float32:
			return fmt.Errorf("nn/train: %s is %v; only real-valued networks can be differentiated", v.Name, v.Type)
		case o.Constant || fixed[v]:
			e.pass.Vars[v] = e.tape.Const(v.Data)
		default:
			e.pass.Vars[v] = e.tape.Param(v.Data)
		}
	}
	return nil
}

// statistics are the parameters that are measured, not learned.
func statistics(g *nn.Graph) map[*nn.Value]bool {
	m := map[*nn.Value]bool{}
	for _, n := range g.Nodes {
		if n.Op.Kind() == nn.KindBatchNorm {
			m[n.In[3]], m[n.In[4]] = true, true
		}
	}
	return m
}

func (e *executor) run(n *nn.Node) error {
	k := n.Op.Kind()
	if int(k) >= len(runners) || runners[k] == nil {
		return fmt.Errorf("%v layers have no gradient here", k)
	}
	for _, v := range n.Out {
		if v.Type.Quant != nil {
			return fmt.Errorf("output %s is quantized; only real-valued networks can be differentiated", v.Name)
		}
	}
	y, err := runners[k](e, n)
	if err != nil {
		return err
	}
	if e.output != nil {
		y = e.output(n.Out[0], y)
	}
	e.pass.Vars[n.Out[0]] = y
	return nil
}

// in is the variable of input i of n.
func (e *executor) in(n *nn.Node, i int) *autograd.Var { return e.pass.Vars[n.In[i]] }

// operand is the variable of v, nil if v is absent.
func (e *executor) operand(v *nn.Value) *autograd.Var {
	if v == nil {
		return nil
	}
	return e.pass.Vars[v]
}
