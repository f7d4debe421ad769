package quantize

import (
	"math/rand/v2"
	"slices"

	"mixq/internal/par"
	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// patches samples the input patches of a layer: the rows that its weights are
// multiplied with. A convolution has a patch for each output position, of
// which at most a given number per image are drawn; a linear layer has one
// row per image.
type patches struct {
	op     *nn.Conv2d // nil for a linear layer
	index  int        // of the layer, part of the key of its random draws
	seed   uint64
	groups int
	k      int // columns of a patch: inputs of one output channel
	c      int // channels of the input
	h, w   int
	all    int // output positions of an image
	rows   int // of them sampled
}

func newPatches(l layer, index int, positions int, seed uint64) patches {
	p := patches{index: index, seed: seed, groups: 1, rows: 1, all: 1}
	x, w := l.X.Type.Shape, l.Weight.Type.Shape
	p.k = w[1:].Elems()
	if op, ok := l.node.Op.(*nn.Conv2d); ok {
		out := l.node.Out[0].Type.Shape
		p.op, p.groups, p.c, p.h, p.w = op, op.Groups, x[1], x[2], x[3]
		p.all = out[2] * out[3]
		p.rows = min(positions, p.all)
	}
	return p
}

// positions draws the sampled output positions of one image, ascending.
func (p patches) positions(image int) []int32 {
	pos := make([]int32, p.all)
	for i := range pos {
		pos[i] = int32(i)
	}
	if p.rows == p.all {
		return pos
	}
	rng := rand.New(rand.NewPCG(p.seed, uint64(image)<<20|uint64(p.index)))
	for i := range p.rows {
		j := i + rng.IntN(p.all-i)
		pos[i], pos[j] = pos[j], pos[i]
	}
	pos = pos[:p.rows]
	slices.Sort(pos)
	return pos
}

// patchMatrix is the memory of sampled patches, [group][image][position][column],
// reused between blocks.
type patchMatrix struct {
	real  []float32
	codes []uint8
}

// gather puts the patches of block b into m as real values, and returns the
// number of rows of each group. x is the input of the layer [n,...], real values
// or codes on q.
func (p patches) gather(m *patchMatrix, x *tensor.Tensor, q *nn.Quant, b, threads int) (rows int) {
	rows = x.Shape()[0] * p.rows
	size := p.groups * rows * p.k
	m.real = slices.Grow(m.real[:0], size)[:size]
	if x.DType() == tensor.Float32 {
		im2col(p, m.real, x.Float32(), 0, rows, b, threads)
		return rows
	}
	m.codes = slices.Grow(m.codes[:0], size)[:size]
	im2col(p, m.codes, x.Uint8(), uint8(q.Zero[0]), rows, b, threads)
	par.Range(threads, size, codesChunk, func(_, lo, hi int) {
		kernel.Dequantize(m.real[lo:hi], m.codes[lo:hi], kernelGrid(q))
	})
	return rows
}

// codesChunk is how many codes one task makes real.
const codesChunk = 1 << 16

func im2col[T float32 | uint8](p patches, dst, x []T, pad T, rows, b, threads int) {
	if p.op == nil {
		copy(dst, x)
		return
	}
	n := rows / p.rows
	image := len(x) / n
	par.For(threads, n, func(_, i int) {
		pos := p.positions(b*block + i)
		for g := range p.groups {
			at := (g*rows + i*p.rows) * p.k
			kernel.Im2col(dst[at:at+p.rows*p.k], x[i*image:(i+1)*image], pad, p.op.Conv2dParams, p.c, p.h, p.w, g, pos)
		}
	})
}
