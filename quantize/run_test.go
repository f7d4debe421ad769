package quantize

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mixq/models"
	"mixq/nn"
	"mixq/tensor"
)

// sequence is batches that cannot fail.
type sequence iter.Seq2[*tensor.Tensor, []int]

func (s sequence) All() iter.Seq2[*tensor.Tensor, []int] { return iter.Seq2[*tensor.Tensor, []int](s) }
func (sequence) Err() error                              { return nil }

// noise yields n random images in batches, all of class 0.
func noise(n, batch int, seed uint64) Batches {
	return sequence(func(yield func(*tensor.Tensor, []int) bool) {
		rng := rand.New(rand.NewPCG(seed, 7))
		for lo := 0; lo < n; lo += batch {
			x := tensor.New(tensor.Uint8, min(batch, n-lo), 3, 32, 32)
			for i := range x.Uint8() {
				x.Uint8()[i] = uint8(rng.UintN(256))
			}
			if !yield(x, make([]int, x.Shape()[0])) {
				return
			}
		}
	})
}

// runNet is resnet8 with random weights, as a user hands it to Run.
func runNet(t testing.TB) *nn.Graph {
	t.Helper()
	g, err := models.Build("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	randomWeights(t, g, 1)
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for b := range g.Pixels[c] {
			g.Pixels[c][b] = (float32(b)/255 - .45) / .23
		}
	}
	return g
}

func budgets(b ...Budget) Limits { return Limits{Budgets: b} }

func runConfig(threads int) Config {
	return Config{Bits: []uint8{2, 3, 4, 6, 8}, Limits: budgets(Budget{Compression, 8}), Seed: 3,
		SensImages: 66, SensDraws: 2, Positions: 16, Threads: threads}
}

func runData() Data { return Data{Calib: noise(70, 25, 1), Eval: noise(40, 30, 2)} }

func TestRun(t *testing.T) {
	var files [][]byte
	var reports []*Report
	for _, threads := range []int{1, 2, 3} {
		out := filepath.Join(t.TempDir(), "net.mixq")
		r, err := Run(context.Background(), runNet(t), runData(), runConfig(threads), out)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		r.Seconds = Seconds{}
		files, reports = append(files, b), append(reports, r)
	}
	for i := range files {
		if !bytes.Equal(files[i], files[0]) || !reflect.DeepEqual(reports[i], reports[0]) {
			t.Errorf("run %d differs from run 0", i)
		}
	}
	r := reports[0]
	if r.Compression < 8 || r.Compression > 8.08 || r.Images != 40 || r.LayerError > 1 || r.FileBytes != int64(len(files[0])) {
		t.Errorf("report %+v", r)
	}
	if r.Bound > r.Objective*(1+1e-9) || r.Bound < r.Objective*(1-1e-9) {
		t.Errorf("objective %v, bound %v: not proven optimal", r.Objective, r.Bound)
	}
	if !(r.KL > 0 && r.KL < 1) || r.Agreement < 50 {
		t.Errorf("KL %v, agreement %v %%: the quantized network is another function", r.KL, r.Agreement)
	}
}

// A run that takes its products up from a work directory writes the same file.
func TestRunResumes(t *testing.T) {
	dir := t.TempDir()
	cfg := runConfig(2)
	cfg.WorkDir = filepath.Join(dir, "work")
	var files [2][]byte
	for i := range files {
		out := filepath.Join(dir, "net.mixq")
		if _, err := Run(context.Background(), runNet(t), runData(), cfg, out); err != nil {
			t.Fatal(err)
		}
		files[i], _ = os.ReadFile(out)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the resumed run wrote another file")
	}
	for _, name := range []string{"stats", "sens", "plan", "report"} {
		if _, err := os.Stat(filepath.Join(cfg.WorkDir, name+".json")); err != nil {
			t.Error(err)
		}
	}
	cfg.Seed++
	if _, err := Run(context.Background(), runNet(t), runData(), cfg, filepath.Join(dir, "other.mixq")); err == nil || !strings.Contains(err.Error(), "stats.json") {
		t.Errorf("products of another seed: error %v", err)
	}
}

func TestRunByteBudget(t *testing.T) {
	out := filepath.Join(t.TempDir(), "net.mixq")
	cfg := runConfig(2)
	cfg.Limits = budgets(Budget{FileBytes, 45000})
	r, err := Run(context.Background(), runNet(t), runData(), cfg, out)
	if err != nil {
		t.Fatal(err)
	}
	if r.FileBytes > 45000 || r.FileBytes < 45000*98/100 {
		t.Errorf("the file has %d bytes, the budget is 45000", r.FileBytes)
	}
}

func TestRunErrors(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		damage func(g *nn.Graph, d *Data, c *Config)
		want   string
	}{
		{"impossible budget", nil, func(g *nn.Graph, d *Data, c *Config) { c.Limits = budgets(Budget{Compression, 40}) }, "budget 40x is impossible"},
		{"impossible size", nil, func(g *nn.Graph, d *Data, c *Config) { c.Limits = budgets(Budget{FileBytes, 1000}) }, "budget 1kB is impossible"},
		{"no images", nil, func(g *nn.Graph, d *Data, c *Config) { d.Calib = noise(0, 1, 0) }, "no calibration images"},
		{"nothing to evaluate", nil, func(g *nn.Graph, d *Data, c *Config) { d.Eval = noise(0, 1, 0) }, "no evaluation images"},
		{"image size", nil, func(g *nn.Graph, d *Data, c *Config) {
			d.Calib = sequence(func(yield func(*tensor.Tensor, []int) bool) { yield(tensor.New(tensor.Uint8, 1, 3, 28, 28), []int{0}) })
		}, "3x28x28"},
		{"NaN weight", nil, func(g *nn.Graph, d *Data, c *Config) {
			w := g.Nodes[0].In[1]
			w.Data = w.Data.Clone()
			w.Data.Float32()[3] = float32(math.NaN())
		}, "conv1.weight"},
		{"unbound", nil, func(g *nn.Graph, d *Data, c *Config) { g.Nodes[0].In[1].Data = nil }, "conv1.weight"},
		{"no pixel table", nil, func(g *nn.Graph, d *Data, c *Config) { g.Pixels = nil }, "pixel table"},
		{"overflowing weights", nil, func(g *nn.Graph, d *Data, c *Config) {
			for _, n := range g.Nodes {
				if o, ok := n.Operands(); ok {
					o.Weight.Data = o.Weight.Data.Clone()
					for i := range o.Weight.Data.Float32() {
						o.Weight.Data.Float32()[i] *= 1e30
					}
				}
			}
		}, "finite"},
		{"cancelled", cancelled, func(g *nn.Graph, d *Data, c *Config) {}, context.Canceled.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := tt.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			dir := t.TempDir()
			g, d, c := runNet(t), runData(), runConfig(2)
			tt.damage(g, &d, &c)
			_, err := Run(ctx, g, d, c, filepath.Join(dir, "net.mixq"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if tt.ctx != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("error %v is not context.Canceled", err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%s was left behind", left[0].Name())
			}
		})
	}
}
