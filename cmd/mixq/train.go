package main

import (
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"mixq/dataset"
	"mixq/models/safetensors"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/nn/train/optim"
	"mixq/quantize"
	"mixq/tensor"
)

// recipe is how a network is trained: SGD with Nesterov momentum, the learning
// rate rising over the first epoch and then falling along half a cosine.
type recipe struct {
	network         // weights to start from are optional
	epochs, batch   int
	rate            float64
	momentum, decay float32
	seed            uint64
	threads         int
	plain           bool // no augmentation
	out             string
}

func newTrain() *cobra.Command {
	var r recipe
	var o output
	c := &cobra.Command{
		Use:   "train",
		Short: "Train a network on an image set",
		Long: `Train a network on an image set with stochastic gradient descent and write its
weights as safetensors. Images are shifted and mirrored at random. One seed gives
the same weights for any number of threads.`,
		Example: `  mixq train --model resnet8 --data shapes --epochs 10 --out resnet8-shapes.safetensors`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			bar := newProgress(c.ErrOrStderr())
			defer bar.close()
			res, err := r.run(c, bar)
			if err != nil {
				return err
			}
			bar.close()
			return o.print(c.OutOrStdout(), res, res.print)
		},
	}
	f := c.Flags()
	r.network.addFlags(f)
	f.IntVar(&r.epochs, "epochs", 30, "passes over the training images")
	f.IntVar(&r.batch, "batch", 128, "images of a step")
	f.Float64Var(&r.rate, "lr", .1, "largest learning rate")
	f.Float32Var(&r.momentum, "momentum", .9, "Nesterov momentum")
	f.Float32Var(&r.decay, "weight-decay", 5e-4, "weight decay")
	f.BoolVar(&r.plain, "plain", false, "take the images as they are, without shifts and mirroring")
	addSeed(f, &r.seed)
	addThreads(f, &r.threads)
	f.StringVar(&r.out, "out", "", "`FILE`.safetensors to write")
	o.addFlag(f)
	for _, name := range []string{"model", "data", "out"} {
		c.MarkFlagRequired(name)
	}
	return c
}

// trained is the outcome of training.
type trained struct {
	Model     string  `json:"model"`
	Loss      float64 `json:"loss"`       // mean cross-entropy of the last epoch
	TrainTop1 float64 `json:"train_top1"` // percent, in the last epoch
	Top1      float64 `json:"top1"`       // percent of the test images
	Images    int     `json:"n"`
	Seconds   float64 `json:"seconds"`
	Out       string  `json:"out"`
}

func (t *trained) print(w io.Writer) {
	fmt.Fprintf(w, "loss %.4f, top-1 %.2f %% of the training images, %.2f %% of %d test images, %.0f s\nwritten to %s\n",
		t.Loss, t.TrainTop1, t.Top1, t.Images, t.Seconds, t.Out)
}

func (r *recipe) run(c *cobra.Command, bar *progress) (*trained, error) {
	start := time.Now()
	g, err := r.start()
	if err != nil {
		return nil, err
	}
	if r.data.Photos {
		return nil, fmt.Errorf("--data %s: training needs cifar10:DIR or shapes", r.data.Spec)
	}
	images, err := r.data.Load(dataset.Train)
	if err != nil {
		return nil, err
	}
	if r.batch < 1 || r.batch > images.Len() {
		return nil, fmt.Errorf("--batch %d: want 1 to %d, the number of training images", r.batch, images.Len())
	}
	res := &trained{Model: g.Name, Out: r.out}
	steps := (images.Len() + r.batch - 1) / r.batch
	g, err = train.Run(c.Context(), g, r.epoch(images), train.Config{
		Epochs: r.epochs, Steps: steps, Threads: r.threads,
		Optimizer: &optim.SGD{Momentum: r.momentum, WeightDecay: r.decay, Nesterov: true},
		Schedule:  optim.Cosine(r.rate, steps, r.epochs*steps),
		Progress: func(p train.Progress) {
			res.Loss, res.TrainTop1 = p.Loss, 100*p.Accuracy
			bar.show(fmt.Sprintf("epoch %d of %d", p.Epoch+1, r.epochs), p.Step+1, steps)
		},
	})
	if err != nil {
		return nil, err
	}
	if err := r.test(c, g, res); err != nil {
		return nil, err
	}
	res.Seconds = time.Since(start).Seconds()
	return res, safetensors.Write(r.out, train.Weights(g), nil)
}

// start is the network before training.
func (r *recipe) start() (*nn.Graph, error) {
	if r.weights != "" {
		return r.network.load()
	}
	g, err := r.model.Build()
	if err != nil {
		return nil, err
	}
	return r.withPixels(train.Init(g, r.seed), r.model.Input)
}

// epoch yields the training images in a new order every epoch.
func (r *recipe) epoch(images dataset.Dataset) train.Data {
	return func(epoch int) iter.Seq2[*tensor.Tensor, []int] {
		seen := images
		if !r.plain {
			seen = dataset.Augment(images, r.seed, epoch)
		}
		return dataset.Batches(seen, dataset.Order(images.Len(), r.seed+uint64(epoch)), dataset.LoadOptions{Batch: r.batch}).All()
	}
}

func (r *recipe) test(c *cobra.Command, g *nn.Graph, res *trained) error {
	p, err := compileFloat(g, batch, r.threads, true)
	if err != nil {
		return err
	}
	images, _, err := r.data.test(0)
	if err != nil {
		return err
	}
	a, err := quantize.Evaluate(c.Context(), p, images, nil)
	res.Top1, res.Images = a.Top1(), a.Images
	return err
}
