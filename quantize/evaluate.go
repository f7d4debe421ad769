package quantize

import (
	"context"
	"fmt"
	"time"

	"mixq/infer"
)

// Accuracy is the outcome of Evaluate.
type Accuracy struct {
	Images int
	Right  int           // images whose label has the largest output
	Right5 int           // images whose label is among the five largest outputs
	Time   time.Duration // spent in the network
}

// Top1 is the percentage of images whose class was found.
func (a Accuracy) Top1() float64 { return 100 * float64(a.Right) / float64(a.Images) }

// Top5 is the percentage of images whose class was among the five best.
func (a Accuracy) Top5() float64 { return 100 * float64(a.Right5) / float64(a.Images) }

// Evaluate runs p, whose first output is one number for each class, on images,
// which must come in batches of no more than p takes. It calls progress, unless
// it is nil, with the number of images that are done.
func Evaluate(ctx context.Context, p *infer.Program, images Batches, progress func(done int)) (Accuracy, error) {
	var a Accuracy
	s := p.NewSession()
	defer s.Close()
	for x, labels := range images.All() {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		start := time.Now()
		out, err := s.Run(x)
		if err != nil {
			return a, err
		}
		a.Time += time.Since(start)
		if err := a.add(out[0].Float32(), labels); err != nil {
			return a, err
		}
		if progress != nil {
			progress(a.Images)
		}
	}
	if err := images.Err(); err != nil {
		return a, err
	}
	if a.Images == 0 {
		return a, fmt.Errorf("quantize: no images to evaluate on")
	}
	return a, nil
}

func (a *Accuracy) add(logits []float32, labels []int) error {
	classes := len(logits) / len(labels)
	for i, label := range labels {
		if label < 0 || label >= classes {
			return fmt.Errorf("quantize: evaluation image %d is of class %d, the network has %d classes from 0", a.Images+i, label, classes)
		}
		r := rank(logits[i*classes:][:classes], label)
		a.Right += count(r == 0)
		a.Right5 += count(r < 5)
	}
	a.Images += len(labels)
	return nil
}

// rank is the number of classes that come before class in the order of their
// outputs, largest first and the first of equals first.
func rank(logits []float32, class int) int {
	r := 0
	for i, v := range logits {
		if v > logits[class] || v == logits[class] && i < class {
			r++
		}
	}
	return r
}
