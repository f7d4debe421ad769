package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// evalBatch is the number of images run together when accuracy is measured.
const evalBatch = 128

// Verify runs the written file in integer arithmetic over the evaluation
// images beside the float network, and fills the accuracies, the agreement and
// the KL divergence in. It also checks, on one block of images, that integer
// and simulated execution of every layer differ by at most one code on equal
// inputs; a larger difference is an error.
func Verify(ctx context.Context, path string, g, q *nn.Graph, eval Batches, cfg Config, r *Report) error {
	cfg = cfg.withDefaults()
	quant, err := infer.Open(path, infer.Options{Batch: evalBatch, Threads: cfg.Threads, Mode: infer.Integer})
	if err != nil {
		return err
	}
	float, err := infer.Compile(g, infer.Options{Batch: evalBatch, Threads: cfg.Threads, Mode: infer.Float})
	if err != nil {
		return err
	}
	c := comparison{quant: quant.NewSession(), float: float.NewSession()}
	defer c.quant.Close()
	defer c.float.Close()
	for x, labels := range eval.All() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.images == 0 {
			if r.LayerError, err = compareLayers(q, x.Slice(0, compareImages(q, len(labels))), cfg.Threads); err != nil {
				return err
			}
		}
		for lo := 0; lo < len(labels); lo += evalBatch {
			hi := min(lo+evalBatch, len(labels))
			if err := c.run(x.Slice(lo, hi), labels[lo:hi]); err != nil {
				return err
			}
		}
		cfg.Progress(StageVerify, c.images, 0)
	}
	if err := eval.Err(); err != nil {
		return err
	}
	if c.images == 0 {
		return fmt.Errorf("quantize: no evaluation images")
	}
	n := float64(c.images)
	r.Images = c.images
	r.FloatTop1, r.QuantTop1 = 100*float64(c.floatRight)/n, 100*float64(c.quantRight)/n
	r.Drop = 100 * float64(c.floatRight-c.quantRight) / n
	r.Agreement, r.KL = 100*float64(c.agree)/n, c.kl/n
	return nil
}

type comparison struct {
	float, quant                          *infer.Session
	images, floatRight, quantRight, agree int
	kl                                    float64
}

func (c *comparison) run(x *tensor.Tensor, labels []int) error {
	f, err := c.float.Run(x)
	if err != nil {
		return err
	}
	q, err := c.quant.Run(x)
	if err != nil {
		return err
	}
	classes := f[0].Len() / len(labels)
	sum := 0.0
	for i, label := range labels {
		a, b := f[0].Float32()[i*classes:(i+1)*classes], q[0].Float32()[i*classes:(i+1)*classes]
		ta, tb := argmax(a), argmax(b)
		c.floatRight += count(ta == label)
		c.quantRight += count(tb == label)
		c.agree += count(ta == tb)
		sum += kl(a, b)
	}
	c.kl += sum
	c.images += len(labels)
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// argmax is the index of the largest element, the first of equals.
func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// kl is KL(softmax(a) ‖ softmax(b)) in nats.
func kl(a, b []float32) float64 {
	la, lb := logSumExp(a), logSumExp(b)
	sum := 0.0
	for i := range a {
		pa := float64(a[i]) - la
		sum += float64(math.Exp(pa) * (pa - (float64(b[i]) - lb)))
	}
	return sum
}

func logSumExp(x []float32) float64 {
	top := float64(slices.Max(x))
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

// compareValues bounds the activations that compareLayers keeps, and so the
// images that it looks at.
const compareValues = 1 << 25

// compareImages is the number of images, of n that there are, to compare layers
// on: a block, or fewer if the network is large.
func compareImages(q *nn.Graph, n int) int {
	values := 0
	for _, node := range q.Nodes {
		values += node.Out[0].Type.Shape.Elems()
	}
	return max(min(n, block, compareValues/max(values, 1)), 1)
}

// compareLayers runs every layer of q in both modes on the inputs that integer
// execution of the whole network gives it, and returns the largest difference.
func compareLayers(q *nn.Graph, x *tensor.Tensor, threads int) (int, error) {
	seen := map[string]*tensor.Tensor{}
	n := x.Shape()[0]
	keep := func(_ *nn.Node, v *nn.Value, data []float32) {
		shape := v.Type.Shape.Clone()
		shape[0] = n
		seen[v.Name] = tensor.FromFloat32(slices.Clone(data[:shape.Elems()]), shape...)
	}
	p, err := infer.Compile(q, infer.Options{Batch: n, Threads: threads, Mode: infer.Integer, Observe: keep})
	if err != nil {
		return 0, err
	}
	s := p.NewSession()
	defer s.Close()
	if _, err := s.Run(x); err != nil {
		return 0, err
	}
	in := newStream(q, infer.Integer, x, threads)
	codes, err := in.inputBlock(0)
	if err != nil {
		return 0, err
	}
	input := q.Inputs[0]
	seen[input.Name] = reals(codes, input.Type.Quant)
	worst := 0
	for _, node := range q.Nodes {
		d, err := compareLayer(q, node, seen, n, threads)
		if err != nil {
			return 0, err
		}
		if d > 1 {
			return 0, fmt.Errorf("quantize: %s: integer execution is %d codes from simulated execution; this is a bug of mixq", node.Name, d)
		}
		worst = max(worst, d)
	}
	return worst, nil
}

func compareLayer(q *nn.Graph, node *nn.Node, seen map[string]*tensor.Tensor, n, threads int) (int, error) {
	out := node.Out[0]
	if out.Type.Quant == nil {
		return 0, nil // real-valued results have no codes to compare
	}
	var in []*nn.Value
	var data []*tensor.Tensor
	for _, v := range node.In {
		if t := seen[v.Name]; t != nil && !slices.Contains(in, v) {
			in, data = append(in, v), append(data, t)
		}
	}
	part, err := q.Extract(in, node.Out)
	if err != nil {
		return 0, err
	}
	p, err := infer.Compile(part, infer.Options{Batch: n, Threads: threads, Mode: infer.Simulate})
	if err != nil {
		return 0, err
	}
	s := p.NewSession()
	defer s.Close()
	got, err := s.Run(data...)
	if err != nil {
		return 0, err
	}
	worst := 0.0
	want := seen[out.Name].Float32()
	for i, v := range got[0].Float32() {
		worst = max(worst, math.Abs(float64(v)-float64(want[i])))
	}
	return int(math.Round(worst / float64(out.Type.Quant.Scale[0]))), nil
}
