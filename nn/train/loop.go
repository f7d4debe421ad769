package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"mixq/autograd"
	"mixq/nn"
	"mixq/nn/train/optim"
	"mixq/tensor"
)

// Data yields the batches of one epoch, counted from 0: images, uint8
// [N,C,H,W] for a graph with a pixel table or else float32, and their classes.
type Data func(epoch int) iter.Seq2[*tensor.Tensor, []int]

// Config says how Run trains.
type Config struct {
	Epochs    int
	Steps     int             // batches an epoch that Data yields; the schedule needs it
	Optimizer optim.Optimizer // its state is changed
	Schedule  optim.Schedule  // learning rate of every step
	Threads   int
	Progress  func(Progress) // called after every step; may be nil

	// Checkpoint is called after every epoch with the network as it is then,
	// whose parameters change once it returns; its error ends the run. May be
	// nil. The state of the optimizer is not part of the network.
	Checkpoint func(epoch int, g *nn.Graph) error
}

// Progress is the state after a step.
type Progress struct {
	Epoch, Step int     // of Config.Epochs and Config.Steps, from 0
	Rate        float64 // learning rate of the step
	Loss        float64 // mean cross-entropy over the images of the epoch so far
	Accuracy    float64 // share of them, in 0..1, that were classified right
}

// Validate says what is wrong with c.
func (c Config) Validate() error {
	switch {
	case c.Epochs < 1:
		return fmt.Errorf("nn/train: Epochs is %d, want at least 1", c.Epochs)
	case c.Steps < 1:
		return fmt.Errorf("nn/train: Steps is %d, want at least 1", c.Steps)
	case c.Optimizer == nil || c.Schedule == nil:
		return errors.New("nn/train: Optimizer and Schedule must be set")
	}
	return nil
}

// Run trains a copy of g, from the parameters it has, to the smallest mean
// cross-entropy of its first output, and returns the copy. It fails if data
// does not fit g, if the loss stops being a number, or with ctx's error.
func Run(ctx context.Context, g *nn.Graph, data Data, c Config) (*nn.Graph, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	t, err := newTrainer(g, c.Threads)
	if err != nil {
		return nil, err
	}
	for epoch := range c.Epochs {
		if err := t.epoch(ctx, epoch, data, c); err != nil {
			return nil, err
		}
		if c.Checkpoint != nil {
			if err := c.Checkpoint(epoch, t.graph); err != nil {
				return nil, err
			}
		}
	}
	return t.graph, nil
}

// trainer owns the network that is being trained: unlike elsewhere, the tensors
// of its parameters are private and change in place.
type trainer struct {
	graph     *nn.Graph
	tape      *autograd.Tape
	learned   []*nn.Value
	values    [][]float32 // of learned
	gradients [][]float32
	seen      score // of this epoch
}

func newTrainer(g *nn.Graph, threads int) (*trainer, error) {
	t := &trainer{graph: g.Clone(), tape: autograd.NewTape(threads)}
	fixed := statistics(t.graph)
	for _, v := range t.graph.Params() {
		if v.Data == nil {
			return nil, fmt.Errorf("nn/train: %s has no data; bind weights or initialise them first", v.Name)
		}
		v.Data = v.Data.Clone()
		if !fixed[v] {
			t.learned = append(t.learned, v)
			t.values = append(t.values, v.Data.Float32())
		}
	}
	t.gradients = make([][]float32, len(t.learned))
	return t, nil
}

func (t *trainer) epoch(ctx context.Context, epoch int, data Data, c Config) error {
	t.seen = score{}
	step := 0
	for x, labels := range data(epoch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if step == c.Steps {
			return fmt.Errorf("nn/train: epoch %d has more batches than Steps = %d", epoch, c.Steps)
		}
		rate := c.Schedule(epoch*c.Steps + step)
		if err := t.step(x, labels, rate, c.Optimizer); err != nil {
			return fmt.Errorf("%w (epoch %d, step %d)", err, epoch, step)
		}
		if c.Progress != nil {
			n := float64(t.seen.images)
			c.Progress(Progress{epoch, step, rate, t.seen.loss / n, float64(t.seen.correct) / n})
		}
		step++
	}
	if step != c.Steps {
		return fmt.Errorf("nn/train: epoch %d has %d batches, Steps is %d", epoch, step, c.Steps)
	}
	return nil
}

// step learns from one batch.
func (t *trainer) step(x *tensor.Tensor, labels []int, rate float64, o optim.Optimizer) error {
	t.tape.Reset()
	pass, err := forwardBatch(t.tape, t.graph, x, labels, Options{Train: true})
	if err != nil {
		return err
	}
	loss := t.tape.CrossEntropy(pass.Out[0], labels)
	mean := float64(loss.Value.Float32()[0])
	if math.IsNaN(mean) || math.IsInf(mean, 0) {
		return fmt.Errorf("nn/train: the loss is %v; lower the learning rate", mean)
	}
	t.seen.add(pass.Out[0].Value, labels, mean*float64(len(labels)))
	t.tape.Backward(loss, tensor.FromFloat32([]float32{1}, 1))
	for i, v := range t.learned {
		g := pass.Vars[v].Grad
		if g == nil {
			return fmt.Errorf("nn/train: %s has no influence on %s and cannot be trained", v.Name, t.graph.Outputs[0].Name)
		}
		t.gradients[i] = g.Float32()
	}
	o.Step(rate, t.values, t.gradients)
	updateStatistics(pass.Stats)
	return nil
}

// momentum is the weight of a batch in the running statistics, PyTorch's
// default.
const momentum = .1

// updateStatistics moves the running statistics towards those of the batch; the
// variance is made unbiased first, as PyTorch does.
func updateStatistics(stats []Stats) {
	for _, s := range stats {
		unbias := float64(s.Count) / float64(s.Count-1)
		blend(s.Node.In[3].Data.Float32(), s.Mean.Float32(), 1)
		blend(s.Node.In[4].Data.Float32(), s.Variance.Float32(), unbias)
	}
}

func blend(running, batch []float32, scale float64) {
	for i, v := range batch {
		running[i] = float32((1-momentum)*float64(running[i]) + momentum*scale*float64(v))
	}
}

// Weights returns the parameters of g by name.
func Weights(g *nn.Graph) map[string]*tensor.Tensor {
	w := map[string]*tensor.Tensor{}
	for _, v := range g.Params() {
		w[v.Name] = v.Data
	}
	return w
}
