package infer

import (
	"fmt"
	"runtime"

	"mixq/nn"
)

// Mode says how a graph is read.
type Mode uint8

// The modes; see the package comment.
const (
	Integer Mode = iota
	Simulate
	Float
	numModes
)

var modeNames = [numModes]string{"integer", "simulate", "float"}

func (m Mode) String() string {
	if m >= numModes {
		return fmt.Sprintf("Mode(%d)", uint8(m))
	}
	return modeNames[m]
}

// Options tell how a Program will run. The zero value runs one image at a time
// in Integer mode on all processors.
type Options struct {
	Batch   int // the most images of one Run; 0 means 1
	Threads int // goroutines of one Run; 0 means GOMAXPROCS
	Mode    Mode

	// Winograd lets 3x3 convolutions of stride 1 take a quarter of the
	// multiplications where that is faster. They round differently: on data of
	// unit variance the result changes by less than 1e-5 of its size. In Float
	// mode only.
	Winograd bool

	// Observe, if not nil, is called for every output of every layer, in order,
	// with all images of the Run: real values in N,C,H,W order that are valid
	// until it returns. It runs on the goroutine of the Run.
	Observe func(n *nn.Node, v *nn.Value, data []float32)

	// Trace, if not nil, is called on the goroutine of the Run when a step is
	// done: every input in turn (n is nil), every layer, every output (nil
	// again), and all of them again for each group of images that goes through
	// the network together. In Simulate mode a layer whose output is rounded is
	// two steps, of which the first has no n.
	Trace func(n *nn.Node)
}

// resolve replaces zeros by what they mean.
func (o Options) resolve() (Options, error) {
	switch {
	case o.Batch < 0 || o.Batch > maxBatch:
		return o, fmt.Errorf("infer: batch %d, want 1 to %d", o.Batch, maxBatch)
	case o.Threads < 0:
		return o, fmt.Errorf("infer: %d threads, want at least 1", o.Threads)
	case o.Mode >= numModes:
		return o, fmt.Errorf("infer: invalid mode %d", o.Mode)
	case o.Winograd && o.Mode != Float:
		return o, fmt.Errorf("infer: winograd is for mode %v, not %v", Float, o.Mode)
	}
	o.Batch = max(o.Batch, 1)
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	return o, nil
}

// maxBatch is far above any use and keeps sizes from overflowing.
const maxBatch = 1 << 20
