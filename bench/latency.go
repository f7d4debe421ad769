package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"mixq/infer"
	"mixq/internal/isa"
	"mixq/nn"
	"mixq/tensor"
)

// Latency is how long a network takes to run. Its JSON form is a contract with
// scripts.
type Latency struct {
	Model       string  `json:"model"`
	ISA         string  `json:"isa"`
	Mode        string  `json:"mode"`
	Threads     int     `json:"threads"`
	Batch       int     `json:"batch"`
	Median      float64 `json:"median_ms"` // wall time of a run of the whole batch
	Min         float64 `json:"min_ms"`
	P90         float64 `json:"p90_ms"`
	CPUMin      float64 `json:"cpu_min_ms"`   // least processor time of a run, all threads; 0 where the system does not tell
	Load        float64 `json:"load_ms"`      // reading or building the network, packing, making a session
	First       float64 `json:"first_ms"`     // the first run
	ArenaBytes  int64   `json:"arena_bytes"`  // activations and scratch of a session
	WeightBytes int64   `json:"weight_bytes"` // packed weights in memory
	PeakRSS     float64 `json:"peak_rss_mb"`  // of the whole process, in units of 10^6 bytes; 0 where the system does not tell
	GMACs       float64 `json:"gmacs_per_s"`  // multiply-accumulates at the median
}

// MeasureLatency calls open, which makes the program, runs it on a batch of
// noise and takes the times of at least one and at most runs runs, ending early
// when ctx is done. The noise is the same for every call.
func MeasureLatency(ctx context.Context, open func() (*infer.Program, error), batch, threads, runs int) (*Latency, error) {
	if batch < 1 || threads < 1 || runs < 1 {
		return nil, fmt.Errorf("bench: batch %d, %d threads, %d runs, want at least 1 of each", batch, threads, runs)
	}
	start := time.Now()
	p, err := open()
	if err != nil {
		return nil, err
	}
	s := p.NewSession()
	defer s.Close()
	g := p.Graph()
	l := &Latency{Model: g.Name, ISA: isa.Current().String(), Threads: threads, Batch: batch,
		Load: ms(time.Since(start)), ArenaBytes: p.ArenaBytes(), WeightBytes: p.WeightBytes()}
	x := noise(g, batch)
	start = time.Now()
	if _, err := s.Run(x); err != nil {
		return nil, err
	}
	l.First = ms(time.Since(start))
	var wall, cpu []float64
	for len(wall) < runs && ctx.Err() == nil {
		start, used := time.Now(), processTime()
		if _, err := s.Run(x); err != nil {
			return nil, err
		}
		wall, cpu = append(wall, ms(time.Since(start))), append(cpu, ms(processTime()-used))
	}
	if len(wall) == 0 {
		return nil, ctx.Err()
	}
	slices.Sort(wall)
	l.Min, l.Median, l.P90, l.CPUMin = wall[0], quantile(wall, .5), quantile(wall, .9), slices.Min(cpu)
	l.PeakRSS = float64(peakMemory()) / 1e6
	l.GMACs = float64(g.MACs()) * float64(batch) / (l.Median / 1e3) / 1e9
	return l, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantile of ascending values, by the nearest rank.
func quantile(x []float64, q float64) float64 {
	return x[max(int(math.Ceil(q*float64(len(x))))-1, 0)]
}

// noise is a batch of inputs of g: bytes if it takes images, else real values.
func noise(g *nn.Graph, batch int) *tensor.Tensor {
	shape := g.Inputs[0].Type.Shape.Clone()
	shape[0] = batch
	state := uint32(1)
	next := func() uint8 { // a linear congruential generator: any noise will do
		state = state*1664525 + 1013904223
		return uint8(state >> 24)
	}
	if g.Pixels != nil {
		x := tensor.New(tensor.Uint8, shape...)
		for i := range x.Uint8() {
			x.Uint8()[i] = next()
		}
		return x
	}
	x := tensor.New(tensor.Float32, shape...)
	for i := range x.Float32() {
		x.Float32()[i] = float32(next())/64 - 2
	}
	return x
}
