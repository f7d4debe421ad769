package dataset

import (
	"iter"

	"mixq/internal/par"
	"mixq/tensor"
)

// Loader reads images in batches, the next one while the caller works on the
// last: at most two are in memory besides those that the caller keeps.
type Loader struct {
	data    Dataset
	indices []int
	options LoadOptions
	err     error
}

// LoadOptions says how a Loader reads.
type LoadOptions struct {
	Batch   int // images of a batch
	Threads int // goroutines that read; 0 means 1. Changes nothing but the time
	// Skip is told of every image that cannot be read, in order; such images
	// are left out. If Skip is nil, the first one ends the loading.
	Skip func(error)
}

// Batches returns a Loader of the images with the given indices, in this order.
// It panics if o.Batch is not positive.
func Batches(d Dataset, indices []int, o LoadOptions) *Loader {
	if o.Batch <= 0 {
		panic("dataset: Batches: batch is not positive")
	}
	return &Loader{data: d, indices: indices, options: o}
}

// All yields the images as Uint8 tensors n,C,H,W with the n labels. Every batch
// has LoadOptions.Batch images, except the last, which has what is left, and
// those with images that cannot be read. Tensor and labels belong to the caller.
// The loop may be run any number of times, but not twice at once. After it, Err
// tells whether it ended early.
func (l *Loader) All() iter.Seq2[*tensor.Tensor, []int] {
	return func(yield func(*tensor.Tensor, []int) bool) {
		l.err = nil
		var next *batch
		defer func() { next.wait() }()
		if len(l.indices) > 0 {
			next = l.start(0)
		}
		for lo := 0; lo < len(l.indices); lo += l.options.Batch {
			b := next
			if next = nil; lo+l.options.Batch < len(l.indices) {
				next = l.start(lo + l.options.Batch)
			}
			b.wait()
			kept, err := l.compact(b)
			if l.err = err; err != nil {
				return
			}
			if kept > 0 && !yield(b.images.Slice(0, kept), b.labels[:kept]) {
				return
			}
		}
	}
}

// Err is the error that ended the last loop over All, nil if it went through.
func (l *Loader) Err() error { return l.err }

// batch is a batch that is being read.
type batch struct {
	images *tensor.Tensor
	labels []int
	errs   []error
	done   chan struct{}
	panics any // what reading panicked with
}

// start reads the batch from index lo on in the background.
func (l *Loader) start(lo int) *batch {
	indices := l.indices[lo:min(lo+l.options.Batch, len(l.indices))]
	n := len(indices)
	b := &batch{
		images: tensor.New(tensor.Uint8, append([]int{n}, l.data.Shape()...)...),
		labels: make([]int, n),
		errs:   make([]error, n),
		done:   make(chan struct{}),
	}
	size := l.data.Shape().Elems()
	go func() {
		defer close(b.done)
		defer func() { b.panics = recover() }()
		par.For(l.options.Threads, n, func(_, k int) {
			b.labels[k], b.errs[k] = l.data.Image(indices[k], b.images.Uint8()[k*size:][:size])
		})
	}()
	return b
}

// wait returns when the batch has been read, and raises the panic of a worker
// in the caller. There may be no batch.
func (b *batch) wait() {
	if b == nil {
		return
	}
	<-b.done
	if b.panics != nil {
		panic(b.panics)
	}
}

// compact moves the images that could be read to the front of b and counts them.
func (l *Loader) compact(b *batch) (kept int, err error) {
	size := l.data.Shape().Elems()
	pixels := b.images.Uint8()
	for k, err := range b.errs {
		if err != nil {
			if l.options.Skip == nil {
				return 0, err
			}
			l.options.Skip(err)
			continue
		}
		if kept < k {
			b.labels[kept] = b.labels[k]
			copy(pixels[kept*size:][:size], pixels[k*size:][:size])
		}
		kept++
	}
	return kept, nil
}
