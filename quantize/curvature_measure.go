package quantize

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"mixq/autograd"
	"mixq/internal/par"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor"
)

// curvatures measures those of all layers, on directions drawn at the logits of
// no more than Config.SensImages images. Sums are over chunks of images, whose
// size does not depend on the number of threads, in index order.
func curvatures(ctx context.Context, g *nn.Graph, images *tensor.Tensor, cfg Config) ([]*curvature, error) {
	m := newCurvatureMeasure(g, images, cfg)
	if err := m.centre(ctx); err != nil {
		return nil, err
	}
	all := m.images.Shape()[0]
	for lo := 0; lo < all; lo += m.chunk {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(m.chunk, all-lo)
		errs := make([]error, n)
		par.For(cfg.Threads, n, func(worker, i int) { errs[i] = m.gradients(worker, lo+i, i) })
		if err := cmp.Or(errs...); err != nil {
			return nil, err
		}
		m.add(n)
		cfg.Progress(StageCurvature, lo+n, all)
	}
	return m.sums, nil
}

// curvaturesFunc gives a curvature for every layer, or nil where it has none.
type curvaturesFunc func(context.Context) ([]*curvature, error)

// lazyCurvatures calls curvaturesFor when it is called first, and keeps what it
// gave: where no layer is left to round, none are measured.
func lazyCurvatures(g *nn.Graph, lc []LayerConfig, images *tensor.Tensor, cfg Config) curvaturesFunc {
	var cs []*curvature
	return func(ctx context.Context) (_ []*curvature, err error) {
		if cs == nil {
			cs, err = curvaturesFor(ctx, g, lc, images, cfg)
		}
		return cs, err
	}
}

// curvaturesFor is curvatures if there are layers whose rounding looks at them.
// The others have none.
func curvaturesFor(ctx context.Context, g *nn.Graph, lc []LayerConfig, images *tensor.Tensor, cfg Config) ([]*curvature, error) {
	wanted := func(c LayerConfig) bool { return rounders[c.Rounding].gram }
	if !slices.ContainsFunc(lc, wanted) {
		return make([]*curvature, len(lc)), nil
	}
	cfg.SensDraws = orDefault(cfg.SensDraws, defaultDraws(g))
	cs, err := curvatures(ctx, g, images, cfg)
	for i, c := range lc {
		if err == nil && !wanted(c) {
			cs[i] = nil
		}
	}
	return cs, err
}

// curvatureMeasure is a measurement in progress.
type curvatureMeasure struct {
	g      *nn.Graph
	images *tensor.Tensor
	cfg    Config
	layers []layer
	sums   []*curvature     // by layer
	means  [][]float64      // mean patches by layer
	tapes  []*autograd.Tape // by worker
	chunk  int              // images
	grads  [][]float32      // by layer, of a chunk, less what the bias makes up for: [image][draw][N][K]
}

// Limits of a chunk: of its gradients in bytes, and of its images.
const (
	curvatureBytes  = 256 << 20
	curvatureImages = 16
)

func newCurvatureMeasure(g *nn.Graph, images *tensor.Tensor, cfg Config) *curvatureMeasure {
	m := &curvatureMeasure{g: g, images: imageSet{images: images}.spread(cfg.SensImages).images, cfg: cfg, layers: weighted(g)}
	size := 0
	for i, l := range m.layers {
		c := newCurvature(l, newPatches(l, i, cfg.Positions, cfg.Seed).groups)
		m.sums = append(m.sums, c)
		if c != nil {
			size += 4 * cfg.SensDraws * c.n * c.k
		}
	}
	m.chunk = min(max(curvatureBytes/max(size, 1), 2), curvatureImages)
	for _, c := range m.sums {
		var grads []float32
		if c != nil {
			grads = make([]float32, m.chunk*cfg.SensDraws*c.n*c.k)
		}
		m.grads = append(m.grads, grads)
	}
	for range cfg.Threads {
		m.tapes = append(m.tapes, autograd.NewTape(1))
	}
	return m
}

// forward records the pass of an image.
func (m *curvatureMeasure) forward(worker, index int) (*train.Pass, error) {
	tape := m.tapes[worker]
	return forwardImage(tape, m.g, m.images, index, tape.Const)
}

// centreImages is the number of images of which mean patches are taken.
const centreImages = 128

// centre takes the mean patches of all layers.
func (m *curvatureMeasure) centre(ctx context.Context) error {
	n := min(centreImages, m.images.Shape()[0])
	sums, errs := make([][][]float64, n), make([]error, n)
	scratch := make([]patchMatrix, m.cfg.Threads)
	par.For(m.cfg.Threads, n, func(worker, i int) {
		if errs[i] = ctx.Err(); errs[i] == nil {
			sums[i], errs[i] = m.meanPatches(worker, i, &scratch[worker])
		}
	})
	if err := cmp.Or(errs...); err != nil {
		return err
	}
	m.means = sums[0]
	for _, s := range sums[1:] {
		add(m.means, s)
	}
	scale(m.means, 1/float64(n))
	return nil
}

// meanPatches are those of one image.
func (m *curvatureMeasure) meanPatches(worker, index int, scratch *patchMatrix) ([][]float64, error) {
	r, err := m.forward(worker, index)
	if err != nil {
		return nil, err
	}
	means := make([][]float64, len(m.layers))
	for i, l := range m.layers {
		c := m.sums[i]
		if c == nil {
			continue
		}
		p := newPatches(l, i, m.cfg.Positions, m.cfg.Seed)
		rows := p.gather(scratch, r.Vars[l.X].Value, nil, index, 1)
		means[i] = make([]float64, c.k)
		sumColumns(means[i], scratch.real[:rows*c.k], c.k, 0, c.k)
		for j := range means[i] {
			means[i][j] /= float64(rows)
		}
	}
	return means, nil
}

// gradients writes those of an image to its place in the chunk.
func (m *curvatureMeasure) gradients(worker, index, at int) error {
	r, err := m.forward(worker, index)
	if err != nil {
		return err
	}
	logits := r.Out[0]
	for d := range m.cfg.SensDraws {
		rng := rand.New(rand.NewPCG(m.cfg.Seed+1, uint64(index)<<16|uint64(d)))
		seed := unitFisherDraw(logits.Value.Float32(), rng)
		m.tapes[worker].Backward(logits, tensor.FromFloat32(seed, logits.Value.Shape()...))
		for i, l := range m.layers {
			if c := m.sums[i]; c != nil {
				dst := m.grads[i][(at*m.cfg.SensDraws+d)*c.n*c.k:][:c.n*c.k]
				centred(dst, r.Vars[l.Weight].Grad.Float32(), r.Vars[l.Bias].Grad.Float32(), m.means[i])
			}
		}
	}
	return nil
}

// centred writes gw − gb·meanᵀ, the gradient by weights for which the bias keeps
// the mean output as it is.
func centred(dst, gw, gb []float32, mean []float64) {
	k := len(mean)
	for o, b := range gb {
		for j, v := range mean {
			dst[o*k+j] = gw[o*k+j] - float32(float64(b)*v)
		}
	}
}

// add adds the products of the gradients of n images of the chunk.
func (m *curvatureMeasure) add(n int) {
	n *= m.cfg.SensDraws
	par.For(m.cfg.Threads, 2*len(m.sums), func(_, task int) {
		c, grads := m.sums[task/2], m.grads[task/2]
		switch {
		case c == nil:
		case task%2 == 0:
			c.count += n
			addGram(c.in, grads[:n*c.n*c.k], n*c.n, c.k, true)
		default:
			for i := range n {
				addGram(c.out, grads[i*c.n*c.k:][:c.n*c.k], c.n, c.k, false)
			}
		}
	})
}
