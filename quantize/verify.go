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
// images beside the network real, and fills the accuracies, the agreement and
// the KL divergence in. It also compares, on one block of images, every layer of
// q with that of g, the float network that it was made from, which is real with
// its channels scaled or not, and checks that integer and simulated
// execution of it differ by at most one code on equal inputs; a larger
// difference is an error.
func Verify(ctx context.Context, path string, real, g, q *nn.Graph, eval Batches, cfg Config, r *Report) error {
	cfg = cfg.withDefaults()
	quant, err := infer.Open(path, infer.Options{Batch: evalBatch, Threads: cfg.Threads, Mode: infer.Integer})
	if err != nil {
		return err
	}
	float, err := infer.Compile(real, infer.Options{Batch: evalBatch, Threads: cfg.Threads, Mode: infer.Float})
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
			if err := compareLayers(g, q, x.Slice(0, compareImages(q, len(labels))), cfg.Threads, r); err != nil {
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
