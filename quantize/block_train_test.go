package quantize

import (
	"context"
	"math"
	"slices"
	"testing"

	"mixq/autograd"
	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Gradients of gains and biases are those of differences of the cost, where
// activations are not rounded.
func TestBlockGradients(t *testing.T) {
	ctx := context.Background()
	j, plan, st := blockJob(t, blockNet(t), 2, "")
	q := j.Graph.Clone()
	if err := setActGrids(q, func(v string) (*nn.Quant, error) { return st.grid(v, 8) }); err != nil {
		t.Fatal(err)
	}
	cfg := j.Config.withDefaults()
	p := newTwoStream(j.Graph, q, j.Layers, plan, j.Images, noCurvatures(len(j.Layers)), cfg)
	r := newReconstruction(p, j.Images, "")
	for i, s := range p.segments {
		if err := r.round(ctx, s); err != nil {
			t.Fatal(err)
		}
		b, err := r.trainer(ctx, i, s)
		if err != nil {
			t.Fatal(err)
		}
		clear(b.grids)
		cost := func() float64 {
			images := b.batch(0)
			out, _, err := b.forward(images, noDrop)
			if err != nil {
				t.Fatal(err)
			}
			c, _ := b.cost.of(out.Value.Float32(), rowsOf(b.want, images).Float32(), len(images))
			return c
		}
		scale := cost()
		grads, err := b.gradients(0)
		if err != nil {
			t.Fatal(err)
		}
		for k, l := range b.layers {
			for kind, x := range map[int][]float32{1: l.gain, 2: l.bias} {
				got := float64(grads[kind][k][0])
				const d = 1. / 256
				was := x[0]
				x[0] = was + d
				up := cost()
				x[0] = was - d
				down := cost()
				x[0] = was
				if want := (up - down) / (2 * d); math.Abs(got-want) > .05*(math.Abs(want)+scale) {
					t.Errorf("block %d, layer %d, kind %d: gradient %v, want %v", i, k, kind, got, want)
				}
			}
		}
	}
}

// What rounding an activation lets through: gradients within its range.
func TestFakeQuant(t *testing.T) {
	b := blockTrainer{cfg: Config{Threads: 2, Seed: 1}, tape: autograd.NewTape(1)}
	g := kernel.Grid{Scale: .5, Zero: 2, Max: 7}
	x := b.tape.Param(tensor.FromFloat32([]float32{-9, -1.2, -.9, .3, 2.7, 2.8, 40}, 7))
	y := b.fakeQuant(x, g, b.drops(0, 1))
	if want := []float32{-1, -1, -1, .5, 2.5, 2.5, 2.5}; !slices.Equal(y.Value.Float32(), want) {
		t.Errorf("rounded to %v, want %v", y.Value.Float32(), want)
	}
	b.tape.Backward(y, tensor.FromFloat32([]float32{1, 2, 3, 4, 5, 6, 7}, 7))
	if want := []float32{0, 2, 3, 4, 5, 0, 0}; !slices.Equal(x.Grad.Float32(), want) {
		t.Errorf("gradient %v, want %v", x.Grad.Float32(), want)
	}
	b.cfg.Blocks.Drop = .25
	const n = 40000
	x = b.tape.Param(tensor.FromFloat32(slices.Repeat([]float32{.3}, n), n))
	real := 0
	for _, v := range b.fakeQuant(x, g, b.drops(0, 1)).Value.Float32() {
		real += count(v == .3)
	}
	if share := float64(real) / n; math.Abs(share-.25) > .01 {
		t.Errorf("%v of the elements stay real, want a quarter", share)
	}
}

// Latents move codes by one at most, and what the curvature adds is nothing at a
// code.
func TestBlockLayer(t *testing.T) {
	j, q := roundedNet(t)
	l := newBlockLayer(weighted(j.Graph)[0], weighted(q)[0], true)
	start := slices.Clone(l.code)
	for i := range l.latent {
		l.curvature[i] = 2
		l.latent[i] += []float32{0, .3, -9, 9}[i%4]
	}
	l.gain[0] = -1
	l.round()
	if l.gain[0] != 1./maxGain {
		t.Errorf("gain %v, want %v", l.gain[0], 1./maxGain)
	}
	d := l.latentGradient(make([]float32, len(l.latent)))
	grid := l.quant.Weight.Type.Quant
	lo, hi := nn.SignedRange(grid.Bits)
	for i, c := range l.code {
		zero := float32(grid.Zero[i/l.fanIn()])
		want := min(max(start[i]+[]float32{0, 0, -1, 1}[i%4], float32(lo)-zero), float32(hi)-zero)
		if c != want {
			t.Fatalf("code %d is %v, want %v", i, c, want)
		}
		if pull := 2 * (l.latent[i] - c); math.Abs(float64(d[i]-pull)) > 1e-6 {
			t.Fatalf("gradient %d is %v, want %v", i, d[i], pull)
		}
	}
}

func noCurvatures(layers int) curvaturesFunc {
	return func(context.Context) ([]*curvature, error) { return make([]*curvature, layers), nil }
}
