package quantize

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"mixq/nn"
)

// separableNet is a small network with two depthwise convolutions behind ReLU6,
// the inputs of which have channels of very different ranges.
func separableNet(t testing.TB) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("separable")
	x := b.Input("x", 1, 3, 32, 32)
	x = b.Activate("stem.relu", b.Conv2d("stem", x, 8, 3, nn.ConvOpts{Pad: 1, Stride: 2}), nn.ReLU6)
	x = b.Activate("dw1.relu", b.Conv2d("dw1", x, 8, 3, nn.ConvOpts{Pad: 1, Groups: 8}), nn.ReLU6)
	x = b.Conv2d("project", x, 8, 1, nn.ConvOpts{})
	x = b.Activate("expand.relu", b.Conv2d("expand", x, 16, 1, nn.ConvOpts{}), nn.ReLU)
	x = b.Activate("dw2.relu", b.Conv2d("dw2", x, 16, 3, nn.ConvOpts{Pad: 1, Groups: 16, Stride: 2}), nn.ReLU6)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", b.GlobalAvgPool("pool", x)), 10))
	if err != nil {
		t.Fatal(err)
	}
	randomWeights(t, g, 2)
	rng := rand.New(rand.NewPCG(4, 4))
	scaled := func(name string, by func(c int) float64) {
		o, _ := g.Node(name).Operands()
		for _, v := range []*nn.Value{o.Weight, o.Bias} {
			v.Data = v.Data.Clone()
			row := v.Type.Shape[1:].Elems()
			for i := range v.Data.Float32() {
				v.Data.Float32()[i] *= float32(by(i / row))
			}
		}
	}
	for _, pair := range [][2]string{{"stem", "dw1"}, {"expand", "dw2"}} {
		f := make([]float64, 16)
		for c := range f {
			f[c] = math.Exp(-2 * rng.Float64())
		}
		scaled(pair[0], func(c int) float64 { return f[c] })
		scaled(pair[1], func(c int) float64 { return 1 / f[c] })
	}
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for b := range g.Pixels[c] {
			g.Pixels[c][b] = (float32(b)/255 - .5) / .25
		}
	}
	return g
}

// Equalized activations lose less to their grids; the float network that results
// are measured against is the original; threads do not matter.
func TestRunEqualizes(t *testing.T) {
	run := func(threads int, change func(c *Config)) (*Report, []byte) {
		cfg := runConfig(threads)
		cfg.Bits, cfg.Limits, cfg.Metric = []uint8{8}, Limits{}, WeightMSE
		change(&cfg)
		out := filepath.Join(t.TempDir(), "net.mixq")
		r, err := Run(context.Background(), separableNet(t), runData(), cfg, out)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return r, b
	}
	plain, _ := run(1, func(*Config) {})
	if plain.Equalized != (Equalized{}) || plain.ReestimatedBN {
		t.Errorf("report of a plain run: %+v", plain)
	}
	acts, file := run(1, func(c *Config) { c.EqualizeActs = true })
	if _, other := run(2, func(c *Config) { c.EqualizeActs = true }); !bytes.Equal(file, other) {
		t.Error("the file depends on the number of threads")
	}
	if acts.Equalized != (Equalized{Acts: 2}) || !(acts.KL < plain.KL) {
		t.Errorf("activations equalized: %+v, KL %v, without %v", acts.Equalized, acts.KL, plain.KL)
	}
	both, _ := run(1, func(c *Config) { c.Equalize, c.EqualizeActs, c.ReestimateBN = true, true, true })
	if both.Equalized != (Equalized{Weights: 2, Acts: 2}) || !both.ReestimatedBN {
		t.Errorf("report %+v", both)
	}
	if !(both.KL < plain.KL) || both.FloatTop1 != plain.FloatTop1 {
		t.Errorf("all passes: KL %v, without %v; float top-1 %v and %v", both.KL, plain.KL, both.FloatTop1, plain.FloatTop1)
	}
}

// The float network that is quantized is that which results are measured against
// on the images of calibration, and each pass shows in the hash of the file.
func TestEqualize(t *testing.T) {
	seen := map[string]bool{}
	for _, change := range []func(c *Config){
		func(c *Config) {},
		func(c *Config) { c.Equalize = true },
		func(c *Config) { c.EqualizeActs = true },
		func(c *Config) { c.ReestimateBN = true },
	} {
		cfg := runConfig(1)
		change(&cfg)
		j, err := Prepare(separableNet(t), noise(70, 25, 1), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if seen[j.meta.Config] {
			t.Errorf("%+v has the hash of another configuration", cfg)
		}
		seen[j.meta.Config] = true
		if err := j.Equalize(context.Background()); err != nil {
			t.Fatal(err)
		}
		got, want := logits(t, j.Graph, j.Images), logits(t, j.Float, j.Images)
		worst, most := 0.0, 0.0
		for i := range got {
			worst = max(worst, math.Abs(float64(got[i])-float64(want[i])))
			most = max(most, math.Abs(float64(want[i])))
		}
		if !(worst <= 1e-5*most) {
			t.Errorf("%+v: outputs differ by %v of %v", j.equalized, worst, most)
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d hashes", len(seen))
	}
}
