package infer

import (
	"path/filepath"
	"testing"

	"mixq/infer/artifact"
	"mixq/internal/isatest"
)

// TestWeightsStayPacked: a program from a file holds little more than the codes of
// the file, at every level, and its graph nothing.
func TestWeightsStayPacked(t *testing.T) {
	g := integerZeros(t, "resnet18")
	var codes int64
	for _, n := range g.Nodes {
		if o, ok := n.Operands(); ok {
			o.Weight.Type.Quant.Bits = 3
			codes += int64(o.Weight.Type.Shape.Elems()) * 3 / 8
		}
	}
	path := filepath.Join(t.TempDir(), "net.mixq")
	if err := artifact.Write(path, g, artifact.Meta{}); err != nil {
		t.Fatal(err)
	}
	isatest.Each(t, func(t *testing.T) {
		p, err := Open(path, Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.WeightBytes(); got < codes || got > codes*102/100 {
			t.Errorf("%d bytes of weights in memory, %d in the file", got, codes)
		}
		for _, v := range p.Graph().Params() {
			if v.Data != nil {
				t.Errorf("the graph still holds %s", v.Name)
			}
		}
	})
}
