package infer

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"mixq/infer/artifact"
	"mixq/tensor"
)

// FuzzOpen runs whatever network a damaged file may hold: the compiler must
// refuse it or make a program that runs.
func FuzzOpen(f *testing.F) {
	g := quantizeRandom(everything(f), 3, rand.New(rand.NewPCG(1, 1)))
	for _, n := range g.Nodes {
		part, err := g.Extract(n.In[:1], n.Out)
		if err != nil {
			continue // layers of several inputs
		}
		var buf bytes.Buffer
		if err := artifact.Encode(&buf, part, artifact.Meta{}); err != nil {
			f.Fatal(err)
		}
		f.Add(buf.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4 {
			b = bytes.Clone(b)
			n := len(b) - 4
			binary.LittleEndian.PutUint32(b[n:], crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)))
		}
		g, _, err := artifact.Decode(b)
		if err != nil || g.MACs() > 1e6 {
			return
		}
		size := 0
		for _, n := range g.Nodes {
			size += n.Out[0].Type.Shape.Elems()
			if size > 1e5 {
				return
			}
		}
		for _, m := range []Mode{Integer, Simulate} {
			p, err := Compile(g, Options{Mode: m, Threads: 2})
			if err != nil || p.ArenaBytes() > 1e7 {
				continue
			}
			s := p.NewSession()
			var in []*tensor.Tensor
			for _, v := range g.Inputs {
				in = append(in, tensor.New(tensor.Float32, v.Type.Shape...))
			}
			if _, err := s.Run(in...); err != nil {
				t.Errorf("%v: compiled, but does not run: %v", m, err)
			}
			s.Close()
		}
	})
}
