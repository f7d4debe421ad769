package train

import (
	"context"
	"errors"
	"iter"
	"math"
	"reflect"
	"strings"
	"testing"

	"mixq/internal/golden"
	"mixq/models/safetensors"
	"mixq/nn"
	"mixq/nn/train/optim"
	"mixq/tensor"
)

// sequence is the formula of testdata/torch_loop.py.
func sequence(salt int, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	for i := range x.Float32() {
		x.Float32()[i] = float32((i*i*31+i*17+salt*101)%257-128) / 64
	}
	return x
}

// start gives g the initial parameters of testdata/torch_loop.py.
func start(g *nn.Graph) {
	salt := 0
	fixed := statistics(g)
	for _, v := range g.Params() {
		v.Data = tensor.New(tensor.Float32, v.Type.Shape...)
		if fixed[v] {
			continue
		}
		offset := float32(0)
		if len(v.Type.Shape) == 1 && salt < 6 {
			offset = 1
		}
		for i, x := range sequence(salt, v.Type.Shape...).Float32() {
			v.Data.Float32()[i] = x/4 + offset
		}
		salt++
	}
	for _, name := range []string{"bn1", "bn2"} {
		fill(g.Node(name).In[4].Data, 1)
	}
}

// sequences are ten batches of six images.
func sequences(int) iter.Seq2[*tensor.Tensor, []int] {
	return func(yield func(*tensor.Tensor, []int) bool) {
		for i := range 10 {
			if !yield(sequence(i, 6, 2, 8, 8), []int{0, 1, 2, 0, 1, 2}) {
				return
			}
		}
	}
}

// The loss of ten steps and the network after them against PyTorch. Rounding
// grows along the steps, Adam's division by small roots most of all; a wrong
// term of any formula shows in the second digit.
func TestTorch(t *testing.T) {
	file, err := safetensors.Read("testdata/torch_loop.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		opt  optim.Optimizer
		rate float64
		tol  float64
	}{
		{"sgd", &optim.SGD{Momentum: .9, WeightDecay: .01}, .05, 1e-5},
		{"nesterov", &optim.SGD{Momentum: .9, WeightDecay: .01, Nesterov: true}, .05, 1e-5},
		{"adam", &optim.Adam{WeightDecay: .01}, .01, 1e-4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := small(t)
			start(g)
			var losses []float32
			seen := 0.
			trained, err := Run(context.Background(), g, sequences, Config{Epochs: 1, Steps: 10, Optimizer: tt.opt,
				Schedule: optim.Constant(tt.rate), Threads: 2, Progress: func(p Progress) {
					sum := p.Loss * float64(p.Step+1)
					losses = append(losses, float32(sum-seen))
					seen = sum
				}})
			if err != nil {
				t.Fatal(err)
			}
			if e := golden.RelErr(losses, file.Tensors[tt.name+".loss"].Float32()); e > tt.tol {
				t.Errorf("losses = %v, want %v", losses, file.Tensors[tt.name+".loss"].Float32())
			}
			for name, w := range Weights(trained) {
				want := file.Tensors[tt.name+"."+name]
				if want == nil {
					t.Fatalf("%s is not in the golden file", name)
				}
				if e := golden.RelErr(w.Float32(), want.Float32()); e > tt.tol {
					t.Errorf("%s is off by %.2g", name, e)
				}
			}
		})
	}
}

func TestRunIsDeterministic(t *testing.T) {
	g := Init(small(t), 7)
	before := Weights(g.Clone())
	var want map[string]*tensor.Tensor
	for _, threads := range []int{1, 2, 3} {
		trained, err := Run(context.Background(), g, sequences, Config{Epochs: 2, Steps: 10, Threads: threads,
			Optimizer: &optim.SGD{Momentum: .9}, Schedule: optim.Cosine(.1, 3, 20)})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = Weights(trained)
		} else if !reflect.DeepEqual(Weights(trained), want) {
			t.Errorf("%d threads give another network than one", threads)
		}
	}
	if !reflect.DeepEqual(Weights(Init(small(t), 7)), before) || !reflect.DeepEqual(Weights(g), before) {
		t.Error("Run changed the network it was given, or Init does not repeat")
	}
	if reflect.DeepEqual(Weights(Init(small(t), 8)), before) {
		t.Error("another seed gives the same network")
	}
}

// A checkpoint is the network of its epoch, and its error ends the run.
func TestCheckpoint(t *testing.T) {
	full := errors.New("disk full")
	var saved map[string]*tensor.Tensor
	c := Config{Epochs: 3, Steps: 10, Optimizer: &optim.SGD{}, Schedule: optim.Constant(.1),
		Checkpoint: func(epoch int, g *nn.Graph) error {
			if epoch == 1 {
				saved = Weights(g)
				return full
			}
			return nil
		}}
	if _, err := Run(context.Background(), Init(small(t), 7), sequences, c); !errors.Is(err, full) {
		t.Errorf("error = %v, want that of the checkpoint", err)
	}
	trained, err := Run(context.Background(), Init(small(t), 7), sequences, Config{Epochs: 2, Steps: 10, Optimizer: &optim.SGD{}, Schedule: optim.Constant(.1)})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(saved, Weights(trained)) {
		t.Error("the checkpoint is not the network after two epochs")
	}
}

func TestRunErrors(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	config := func(c Config) Config {
		c.Epochs, c.Optimizer = 1, &optim.SGD{}
		if c.Steps == 0 {
			c.Steps = 10
		}
		if c.Schedule == nil {
			c.Schedule = optim.Constant(.1)
		}
		return c
	}
	one := func(x *tensor.Tensor, labels ...int) Data {
		return func(int) iter.Seq2[*tensor.Tensor, []int] {
			return func(yield func(*tensor.Tensor, []int) bool) { yield(x, labels) }
		}
	}
	for _, tt := range []struct {
		name string
		ctx  context.Context
		data Data
		c    Config
		want string
	}{
		{"epochs", context.Background(), sequences, Config{Steps: 1}, "Epochs is 0"},
		{"steps", context.Background(), sequences, Config{Epochs: 1}, "Steps is 0"},
		{"no optimizer", context.Background(), sequences, Config{Epochs: 1, Steps: 1}, "Optimizer and Schedule"},
		{"too many batches", context.Background(), sequences, config(Config{Steps: 9}), "epoch 0 has more batches than Steps = 9"},
		{"too few batches", context.Background(), sequences, config(Config{Steps: 11}), "epoch 0 has 10 batches, Steps is 11"},
		{"canceled", canceled, sequences, config(Config{}), "context canceled"},
		{"diverged", context.Background(), sequences, config(Config{Schedule: optim.Constant(1e30)}), "lower the learning rate (epoch 0, step"},
		{"label", context.Background(), one(sequence(0, 1, 2, 8, 8), 3), config(Config{}), "label 0 of the batch is 3, small has classes 0 to 2"},
		{"number of labels", context.Background(), one(sequence(0, 1, 2, 8, 8)), config(Config{}), "0 labels for a batch of 1x2x8x8"},
		{"image size", context.Background(), one(sequence(0, 1, 2, 8, 9), 0), config(Config{}), "input x is 1x2x8x9"},
		{"bytes without pixel table", context.Background(), one(tensor.New(tensor.Uint8, 1, 2, 8, 8), 0), config(Config{}), "small has a pixel table for 0 channels"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Run(tt.ctx, Init(small(t), 1), tt.data, tt.c)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := Run(context.Background(), small(t), sequences, config(Config{})); err == nil || !strings.Contains(err.Error(), "conv1.weight has no data") {
		t.Errorf("without weights: error = %v", err)
	}
	idle := Init(small(t), 1)
	idle.Nodes = append(idle.Nodes, &nn.Node{Name: "extra", Op: &nn.Linear{}, Out: []*nn.Value{{Name: "extra", Type: nn.Real(1, 3)}},
		In: []*nn.Value{idle.Node("flatten").Out[0], {Name: "extra.weight", Type: nn.Real(3, 4), Data: tensor.New(tensor.Float32, 3, 4)}}})
	if _, err := Run(context.Background(), idle, sequences, config(Config{})); err == nil || !strings.Contains(err.Error(), "extra.weight has no influence on linear") {
		t.Errorf("idle parameter: error = %v", err)
	}
	if _, err := Run(canceled, Init(small(t), 1), sequences, config(Config{})); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: error = %v, want context.Canceled", err)
	}
}

// Bytes through a pixel table are the same as the real images they stand for.
func TestEvaluatePixels(t *testing.T) {
	g := Init(small(t), 3)
	bytes, reals := tensor.New(tensor.Uint8, 5, 2, 8, 8), tensor.New(tensor.Float32, 5, 2, 8, 8)
	g.Pixels = make(nn.PixelTable, 2)
	for b := range 256 {
		g.Pixels[0][b], g.Pixels[1][b] = float32(b)/100, 1-float32(b)/50
	}
	for i := range bytes.Uint8() {
		b := uint8(i * i)
		bytes.Uint8()[i], reals.Float32()[i] = b, g.Pixels[i/64%2][b]
	}
	labels := []int{0, 1, 2, 1, 0}
	batch := func(x *tensor.Tensor) iter.Seq2[*tensor.Tensor, []int] {
		return func(yield func(*tensor.Tensor, []int) bool) {
			_ = yield(x.Slice(0, 2), labels[:2]) && yield(x.Slice(2, 5), labels[2:])
		}
	}
	c1, n1, l1, err1 := Evaluate(g, batch(bytes), 1)
	c2, n2, l2, err2 := Evaluate(g, batch(reals), 2)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if c1 != c2 || n1 != 5 || n2 != 5 || l1 != l2 || math.IsNaN(l1) {
		t.Errorf("Evaluate = %d, %d, %v for bytes and %d, %d, %v for reals", c1, n1, l1, c2, n2, l2)
	}
	if _, _, _, err := Evaluate(g, func(func(*tensor.Tensor, []int) bool) {}, 1); err == nil {
		t.Error("an evaluation without images succeeded")
	}
}
