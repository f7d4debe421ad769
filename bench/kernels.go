package bench

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/klauspost/cpuid/v2"

	"mixq/internal/isa"
	"mixq/nn"
	"mixq/quantize"
)

// KernelOptions say how MeasureKernels measures.
type KernelOptions struct {
	Bits     []uint8 // of weights
	Threads  int
	Batch    int
	Runs     int                   // of every network at every bit-width
	Progress func(done, total int) // may be nil
}

// Kernels is what MeasureKernels found.
type Kernels struct {
	Table    *quantize.LatencyTable `json:"table"`
	Peaks    []Peak                 `json:"peaks"`
	Networks []NetworkLatency       `json:"networks"`
}

// NetworkLatency compares what the table says about a network with the network
// itself, and its layers with the peaks.
type NetworkLatency struct {
	Model     string      `json:"model"`
	Predicted float64     `json:"predicted_ms"` // with bits that differ from layer to layer
	Measured  float64     `json:"measured_ms"`  // of the same bits: the least time of a run
	Ratio     float64     `json:"ratio"`        // Predicted / Measured
	Parts     []PartSpeed `json:"parts"`        // in the order in which they run
}

// PartSpeed is how fast a part of a network runs: a layer, or loading its input
// or storing its output.
type PartSpeed struct {
	Part  string    `json:"part"`
	Kind  string    `json:"kind"`
	Time  float64   `json:"ms"`                    // of Predicted
	MACs  int64     `json:"macs,omitempty"`        // of one image
	GMACs []float64 `json:"gmacs_per_s,omitempty"` // of a layer with weights, at the bit-widths of Kernels.Peaks
	Share []float64 `json:"share,omitempty"`       // of the peak of all threads
}

// MeasureKernels measures what the parts of networks take at every bit-width.
// Networks are trained, with any weights, or quantized.
//
// Every part is timed where it runs: whole networks with made-up weights of one
// bit-width run in integer arithmetic, and infer.Options.Trace tells when each
// part is done. So weights are as cold, and activations as warm, as in use, and
// what is fused is timed with what it is fused to. The networks of all
// bit-widths take turns of a few runs, and with them one of mixed bits that is
// not traced, which is what predictions are compared with.
func MeasureKernels(ctx context.Context, networks []*nn.Graph, o KernelOptions) (*Kernels, error) {
	if len(o.Bits) == 0 || o.Threads < 1 || o.Batch < 1 || o.Runs < 1 {
		return nil, errors.New("bench: bit-widths, threads, batch and runs must be at least 1")
	}
	clock, now := stopwatch(o.Threads)
	table := &quantize.LatencyTable{Mixq: quantize.Version, Go: runtime.Version(), ISA: isa.Current().String(),
		CPU: cpuid.CPU.BrandName, Threads: o.Threads, Batch: o.Batch, Clock: clock}
	k := &Kernels{Table: table, Peaks: peaks(o.Bits)}
	samples := newSamples()
	var mixed []*subject
	for i, g := range networks {
		m, err := measureNetwork(ctx, g, o, now, samples)
		if err != nil {
			return nil, err
		}
		mixed = append(mixed, m)
		if o.Progress != nil {
			o.Progress(i+1, len(networks))
		}
	}
	table.Rows = samples.rows()
	for _, m := range mixed {
		n, err := k.compare(m)
		if err != nil {
			return nil, err
		}
		k.Networks = append(k.Networks, n)
	}
	return k, nil
}

// stopwatch is the clock for a number of threads, with its name: processor time
// of one, which others on the machine hardly disturb, where the system tells
// it; else wall time.
func stopwatch(threads int) (name string, now func() time.Duration) {
	if threads == 1 && processTime() > 0 {
		return "cpu", processTime
	}
	start := time.Now()
	return "wall", func() time.Duration { return time.Since(start) }
}

// turn is the number of runs that a network makes before the next one's turn;
// the first is not measured, because it finds the caches full of another's
// weights.
const turn = 5

// measureNetwork measures g at all bit-widths and returns the subject of mixed
// bits.
func measureNetwork(ctx context.Context, g *nn.Graph, o KernelOptions, now func() time.Duration, all *samples) (*subject, error) {
	mixed, err := newSubject(g, o, now, mixedBits(g, o.Bits), false)
	if err != nil {
		return nil, err
	}
	subjects := []*subject{mixed}
	for _, b := range o.Bits {
		s, err := newSubject(g, o, now, func(string) uint8 { return b }, true)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	for done := 0; done < o.Runs; done += turn {
		for _, s := range subjects {
			if err := s.run(ctx, min(turn, o.Runs-done)); err != nil {
				return nil, err
			}
		}
	}
	for _, s := range subjects {
		s.session.Close()
		if s.traced {
			all.add(s.works, s.times, s.total, o.Batch)
		}
	}
	return mixed, nil
}

// mixedBits gives the layers of a quantized network their own bits if they are
// measured, and all others the given ones in turn.
func mixedBits(g *nn.Graph, bits []uint8) func(layer string) uint8 {
	i := -1
	return func(layer string) uint8 {
		if o, ok := g.Node(layer).Operands(); ok && o.Weight.Type.Quant != nil {
			if own := o.Weight.Type.Quant.Bits; slices.Contains(bits, own) {
				return own
			}
		}
		i++
		return bits[i%len(bits)]
	}
}

// compare sets what the table says beside what was measured.
func (k *Kernels) compare(s *subject) (NetworkLatency, error) {
	n := NetworkLatency{Model: s.model, Measured: ms(slices.Min(s.total))}
	each, sum, err := k.Table.Predict(s.works)
	if err != nil {
		return n, err
	}
	n.Predicted = ms(sum)
	n.Ratio = n.Predicted / n.Measured
	for i, w := range s.works {
		n.Parts = append(n.Parts, PartSpeed{Part: w.Layer, Kind: w.Kind, Time: ms(each[i]), MACs: w.MACs})
	}
	for _, p := range k.Peaks {
		each, _, err := k.Table.Predict(withBits(s.works, p.Bits))
		if err != nil {
			return n, err
		}
		for i, w := range s.works {
			if w.Bits != 0 {
				speed := float64(w.MACs*int64(k.Table.Batch)) / float64(max(each[i], 1))
				part := &n.Parts[i]
				part.GMACs = append(part.GMACs, speed)
				part.Share = append(part.Share, speed/(p.GMACs*float64(k.Table.Threads)))
			}
		}
	}
	return n, nil
}

// withBits gives all layers with weights the same bits.
func withBits(works []quantize.Work, bits uint8) []quantize.Work {
	works = slices.Clone(works)
	for i := range works {
		if works[i].Bits != 0 {
			works[i].Bits = bits
		}
	}
	return works
}
