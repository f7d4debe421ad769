package train

import (
	"errors"
	"fmt"
	"iter"

	"mixq/autograd"
	"mixq/nn"
	"mixq/tensor"
)

// Evaluate returns how many images of data g, run as in inference, classifies
// right by its first output, how many there are, and their mean cross-entropy.
func Evaluate(g *nn.Graph, data iter.Seq2[*tensor.Tensor, []int], threads int) (correct, images int, loss float64, err error) {
	tape := autograd.NewTape(threads)
	var s score
	for x, labels := range data {
		tape.Reset()
		pass, err := forwardBatch(tape, g, x, labels, Options{Constant: true})
		if err != nil {
			return 0, 0, 0, err
		}
		mean := tape.CrossEntropy(pass.Out[0], labels).Value.Float32()[0]
		s.add(pass.Out[0].Value, labels, float64(mean)*float64(len(labels)))
	}
	if s.images == 0 {
		return 0, 0, 0, errors.New("nn/train: there are no images to evaluate on")
	}
	return s.correct, s.images, s.loss / float64(s.images), nil
}

// forwardBatch runs g on a batch of images, after checking that the labels fit
// its first output.
func forwardBatch(t *autograd.Tape, g *nn.Graph, x *tensor.Tensor, labels []int, o Options) (*Pass, error) {
	if err := checkLabels(g, x, labels); err != nil {
		return nil, err
	}
	in, err := realInput(g, x)
	if err != nil {
		return nil, err
	}
	return Forward(t, g, []*autograd.Var{t.Const(in)}, o)
}

func checkLabels(g *nn.Graph, x *tensor.Tensor, labels []int) error {
	out := g.Outputs[0].Type.Shape
	if len(out) != 2 {
		return fmt.Errorf("nn/train: output %s is %v, want N,classes", g.Outputs[0].Name, out)
	}
	if len(x.Shape()) == 0 || x.Shape()[0] != len(labels) {
		return fmt.Errorf("nn/train: %d labels for a batch of %v", len(labels), x.Shape())
	}
	for i, label := range labels {
		if label < 0 || label >= out[1] {
			return fmt.Errorf("nn/train: label %d of the batch is %d, %s has classes 0 to %d", i, label, g.Name, out[1]-1)
		}
	}
	return nil
}

// realInput maps a batch of bytes through the pixel table of g; a float32 batch
// is what it is.
func realInput(g *nn.Graph, x *tensor.Tensor) (*tensor.Tensor, error) {
	if x.DType() == tensor.Float32 {
		return x, nil
	}
	s := x.Shape()
	if x.DType() != tensor.Uint8 || len(s) != 4 || len(g.Pixels) != s[1] {
		return nil, fmt.Errorf("nn/train: a batch is %v %v, %s has a pixel table for %d channels", x.DType(), s, g.Name, len(g.Pixels))
	}
	y := tensor.New(tensor.Float32, s...)
	in, out, hw := x.Uint8(), y.Float32(), s[2]*s[3]
	for p := range s[0] * s[1] {
		table := &g.Pixels[p%s[1]]
		for i, b := range in[p*hw : (p+1)*hw] {
			out[p*hw+i] = table[b]
		}
	}
	return y, nil
}

// score sums up how images were classified.
type score struct {
	images, correct int
	loss            float64
}

// add counts a batch with logits [N,C]; loss is summed over it.
func (s *score) add(logits *tensor.Tensor, labels []int, loss float64) {
	n := logits.Shape()[1]
	for i, label := range labels {
		if argmax(logits.Float32()[i*n:][:n]) == label {
			s.correct++
		}
	}
	s.images += len(labels)
	s.loss += loss
}

// argmax is the first index of the largest element.
func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}
