package quantize

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mixq/models"
	"mixq/nn"
	"mixq/tensor/kernel"
)

// Blocks cover the layers in order, begin and end at cuts, and are no smaller
// than they must be.
func TestSegments(t *testing.T) {
	for _, tt := range []struct {
		net    string
		blocks int
	}{
		{"resnet8", 3},
		{"resnet20", 6},
		{"mobilenet_v2", 18},
		{"googlenet", 11},
		{"squeezenet1_1", 9},
	} {
		g, err := models.Build(tt.net)
		if err != nil {
			t.Fatal(err)
		}
		n := len(weighted(g))
		ss := segments(g, slices.Repeat([]LayerConfig{{Rounding: BlockReconstruction}}, n))
		from, lo := -1, 0
		for i, s := range ss {
			if s.from != from || s.lo != lo || s.to <= s.from || s.hi-s.lo < blockLayers && i < len(ss)-1 {
				t.Errorf("%s: block %d is %+v, after node %d and layer %d", tt.net, i, s, from, lo)
			}
			if s.to < len(g.Nodes)-1 && !isCut(g, s.to) {
				t.Errorf("%s: block %d ends at %s, which is no cut", tt.net, i, g.Nodes[s.to].Name)
			}
			if s.trained != (s.hi > s.lo) {
				t.Errorf("%s: block %d has %d layers and is trained: %v", tt.net, i, s.hi-s.lo, s.trained)
			}
			from, lo = s.to, s.hi
		}
		if from != len(g.Nodes)-1 || lo != n {
			t.Errorf("%s: the blocks end at node %d and layer %d of %d and %d", tt.net, from, lo, len(g.Nodes), n)
		}
		if len(ss) != tt.blocks {
			t.Errorf("%s: %d layers are in %d blocks, want %d", tt.net, n, len(ss), tt.blocks)
		}
	}
}

// What no rounding asks for is not trained.
func TestSegmentsRules(t *testing.T) {
	g, err := models.Build("resnet20")
	if err != nil {
		t.Fatal(err)
	}
	n := len(weighted(g))
	lc := make([]LayerConfig, n)
	if ss := segments(g, lc); len(ss) != 1 || ss[0].trained || ss[0].hi != n {
		t.Errorf("segments %+v, want one that is not trained", ss)
	}
	lc[n-1].Rounding = BlockReconstruction
	ss := segments(g, lc)
	for i, s := range ss {
		if s.trained != (i == len(ss)-1) {
			t.Errorf("segment %d is trained: %v", i, s.trained)
		}
	}
}

// blockNet has a grouped and a depthwise convolution, a concatenation and a
// pooling, and two blocks.
func blockNet(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("blocks")
	conv := func(name string, x *nn.Value, channels, k int, o nn.ConvOpts, act nn.Activation) *nn.Value {
		return b.Activate(name+".relu", b.Conv2d(name, x, channels, k, o), act)
	}
	x := b.Input("x", 1, 3, 32, 32)
	x = conv("stem", x, 8, 3, nn.ConvOpts{Stride: 4, Pad: 1}, nn.ReLU)
	x = conv("depthwise", x, 8, 3, nn.ConvOpts{Pad: 1, Groups: 8}, nn.ReLU6)
	x = b.Conv2d("project", x, 4, 1, nn.ConvOpts{})
	l := conv("left", x, 4, 3, nn.ConvOpts{Pad: 1, Groups: 2}, nn.ReLU)
	r := b.Apply("pool", &nn.MaxPool{Pool2dParams: kernel.Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}}, x)
	x = b.Apply("cat", &nn.Concat{}, l, conv("right", r, 4, 1, nn.ConvOpts{}, nn.ReLU))
	x = b.Apply("mean", &nn.GlobalAvgPool{}, x)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", x), 5))
	if err != nil {
		t.Fatal(err)
	}
	randomWeights(t, g, 3)
	g.Pixels = runNet(t).Pixels
	return g
}

// blockJob is a network to be rounded to 3 bits by block reconstruction of a few
// steps.
func blockJob(t *testing.T, g *nn.Graph, threads int, work string) (*Job, *Plan, *Stats) {
	t.Helper()
	cfg := runConfig(threads)
	cfg.Bits, cfg.Limits, cfg.WorkDir = []uint8{3}, Limits{}, work
	cfg.Rounding, cfg.Blocks.Steps = BlockReconstruction, 100
	j, err := Prepare(g, noise(64, 64, 1), cfg)
	if err != nil {
		t.Fatal(err)
	}
	st, err := j.Calibrate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return j, uniformPlan(j, 3), st
}

// measured is what Verify says of q on images that it was not rounded for.
func measured(t *testing.T, j *Job, q *nn.Graph) (r Report) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net.mixq")
	if _, err := Pack(path, q, j.meta); err != nil {
		t.Fatal(err)
	}
	if err := Verify(context.Background(), path, j.Float, j.Graph, q, noise(64, 64, 8), j.Config, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// packed is the file of a quantized network.
func packed(t *testing.T, j *Job, q *nn.Graph) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net.mixq")
	if _, err := Pack(path, q, j.meta); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Reconstruction moves codes by no more than one from where descent left them in
// the first block, and makes the outputs of the network better; any number of
// threads give the same bytes.
func TestReconstruct(t *testing.T) {
	ctx := context.Background()
	var files [2][]byte
	var q *nn.Graph
	var j *Job
	var plan *Plan
	var st *Stats
	for i := range files {
		j, plan, st = blockJob(t, blockNet(t), 1+2*i, "")
		var err error
		if q, err = j.Round(ctx, plan, st); err != nil {
			t.Fatal(err)
		}
		files[i] = packed(t, j, q)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("one and three threads give different files")
	}
	blocks := slices.Clone(j.Layers)
	for i := range j.Layers {
		j.Layers[i].Rounding = CoordinateDescent
	}
	start, err := j.Round(ctx, plan, st)
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for k := range segments(j.Graph, blocks)[0].hi {
		was, is := weighted(start)[k].Weight, weighted(q)[k].Weight
		for i, c := range is.Data.Int8() {
			d := int(c) - int(was.Data.Int8()[i])
			if d < -1 || d > 1 {
				t.Fatalf("code %d of %s moved by %d", i, is.Name, d)
			}
			moved += count(d != 0)
		}
	}
	if moved == 0 {
		t.Error("no code of the first block moved")
	}
	if before, after := measured(t, j, start).KL, measured(t, j, q).KL; after > before {
		t.Errorf("the divergence goes from %v to %v", before, after)
	}
}

// A network of grouped layers with branches goes through all of it, also with
// activations of few bits, dropping, and layers that are not trained.
func TestReconstructKinds(t *testing.T) {
	ctx := context.Background()
	j, plan, st := blockJob(t, blockNet(t), 2, "")
	j.Config.Blocks = Blocks{Steps: 4, Drop: .5}
	j.Layers[1].Rounding = Nearest
	q, err := j.Round(ctx, plan, st)
	if err != nil {
		t.Fatal(err)
	}
	if r := measured(t, j, q); r.LayerError > 1 {
		t.Errorf("layer error %d", r.LayerError)
	}
	for i := range j.Layers {
		j.Layers[i].Rounding = CoordinateDescent
	}
	j.Layers[1].Rounding = Nearest
	start, err := j.Round(ctx, plan, st)
	if err != nil {
		t.Fatal(err)
	}
	a, b := weighted(start)[1], weighted(q)[1]
	if !slices.Equal(a.Weight.Data.Int8(), b.Weight.Data.Int8()) || !slices.Equal(a.Weight.Type.Quant.Scale, b.Weight.Type.Quant.Scale) {
		t.Errorf("%s changes, though no rounding asks for its training", a.node.Name)
	}
}
