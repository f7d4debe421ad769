//go:build slow

package bench

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"
	"testing"

	"mixq/infer"
	"mixq/internal/isatest"
	"mixq/models"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/quantize"
	"mixq/tensor"
)

// sameBits holds a hash of the outputs of every layer of a network quantized to
// 2 to 8 bits in turn, as generic Go computes them.
var sameBits = map[string]string{
	"resnet18":     "0973e1e4bec6f994",
	"resnet50":     "b277c3a6fe5d3ba3",
	"mobilenet_v2": "4d142fdfa50db36b",
	"inception_v3": "48163e88fdc93f63",
}

// Integer execution gives the same bits on every processor, at every level and
// with any number of threads.
func TestSameBits(t *testing.T) {
	for name, want := range sameBits {
		t.Run(name, func(t *testing.T) {
			q := mixedSketch(t, name)
			isatest.Each(t, func(t *testing.T) {
				for _, threads := range []int{1, 2, 3, 7} {
					if got := outputHash(t, q, threads); got != want {
						t.Errorf("%d threads: hash %s, want %s", threads, got, want)
					}
				}
			})
		})
	}
}

// mixedSketch is a registered network with made-up codes of 2 to 8 bits.
func mixedSketch(t *testing.T, name string) *nn.Graph {
	t.Helper()
	g, err := models.Build(name)
	if err != nil {
		t.Fatal(err)
	}
	layers := uint8(0)
	q, err := quantize.Sketch(train.Init(g, 1), func(string) uint8 { layers++; return 2 + layers%7 })
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// outputHash runs q on an image of noise, and then every layer on noise of its
// own, since little of an image of noise arrives at the end of a deep network.
func outputHash(t *testing.T, q *nn.Graph, threads int) string {
	t.Helper()
	h := sha256.New()
	runOnNoise(t, h, q, threads)
	for _, n := range q.Nodes {
		var in []*nn.Value
		for _, v := range n.In {
			if v.Data == nil && !slices.Contains(in, v) {
				in = append(in, v)
			}
		}
		layer, err := q.Extract(in, n.Out)
		if err != nil {
			t.Fatal(err)
		}
		runOnNoise(t, h, layer, threads)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// runOnNoise writes the outputs of all layers of q to h.
func runOnNoise(t *testing.T, h hash.Hash, q *nn.Graph, threads int) {
	t.Helper()
	p, err := infer.Compile(q, infer.Options{Threads: threads, Observe: func(n *nn.Node, _ *nn.Value, data []float32) {
		var b []byte
		for _, v := range data {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		fmt.Fprintln(h, n.Name)
		h.Write(b)
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	var in []*tensor.Tensor
	for _, v := range q.Inputs {
		x := tensor.New(tensor.Float32, v.Type.Shape...)
		for i := range x.Float32() {
			x.Float32()[i] = float32(i*7919%256) * (6. / 255)
		}
		in = append(in, x)
	}
	if _, err := s.Run(in...); err != nil {
		t.Fatal(err)
	}
}
