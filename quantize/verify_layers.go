package quantize

import (
	"fmt"
	"math"
	"slices"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

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

// compareLayers runs the quantized network q in integer arithmetic and fills in
// how far each layer is from that of the float network g, and the largest
// difference from simulated execution on the layer's own inputs.
func compareLayers(g, q *nn.Graph, x *tensor.Tensor, threads int, r *Report) error {
	seen := map[string]*tensor.Tensor{}
	n := x.Shape()[0]
	err := watch(q, x, infer.Integer, threads, func(_ *nn.Node, v *nn.Value, data []float32) {
		shape := v.Type.Shape.Clone()
		shape[0] = n
		seen[v.Name] = tensor.FromFloat32(slices.Clone(data), shape...)
	})
	if err != nil {
		return err
	}
	r.SQNR = map[string]float64{}
	err = watch(g, x, infer.Float, threads, func(n *nn.Node, v *nn.Value, data []float32) {
		if _, ok := n.Operands(); !ok {
			return
		}
		if db := sqnr(data, seen[v.Name].Float32()); !math.IsInf(db, 0) && !math.IsNaN(db) {
			r.SQNR[n.Name] = db
		}
	})
	if err != nil {
		return err
	}
	in := newStream(q, infer.Integer, x, threads)
	codes, err := in.inputBlock(0)
	if err != nil {
		return err
	}
	input := q.Inputs[0]
	seen[input.Name] = reals(codes, input.Type.Quant)
	for _, node := range q.Nodes {
		d, err := compareLayer(q, node, seen, n, threads)
		if err != nil {
			return err
		}
		if d > 1 {
			return fmt.Errorf("quantize: %s: integer execution is %d codes from simulated execution; this is a bug of mixq", node.Name, d)
		}
		r.LayerError = max(r.LayerError, d)
	}
	return nil
}

// watch runs g on the images x and shows f all outputs of all layers.
func watch(g *nn.Graph, x *tensor.Tensor, m infer.Mode, threads int, f func(n *nn.Node, v *nn.Value, data []float32)) error {
	p, err := infer.Compile(g, infer.Options{Batch: x.Shape()[0], Threads: threads, Mode: m, Observe: f})
	if err != nil {
		return err
	}
	s := p.NewSession()
	defer s.Close()
	_, err = s.Run(x)
	return err
}

// sqnr is the ratio of the energy of real values to that of the error of
// quantized ones, in decibels; infinite without error.
func sqnr(real, quantized []float32) float64 {
	var signal, noise float64
	for i, v := range real {
		e := float64(v) - float64(quantized[i])
		signal += float64(float64(v) * float64(v))
		noise += float64(e * e)
	}
	return 10 * math.Log10(signal/noise)
}

// compareLayer is the largest difference of a layer's output from simulated
// execution on the same inputs, in codes.
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
