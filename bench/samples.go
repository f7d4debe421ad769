package bench

import (
	"slices"
	"time"

	"mixq/quantize"
)

// samples gathers the times of parts of networks, in the order of their first
// use. A part that occurs at several places has the mean of its places.
type samples struct {
	index  map[quantize.Work]int // of works without their layer
	list   []quantize.LatencyRow // sums over places
	places []int64
	work   []int64 // multiply-accumulates of a run
}

func newSamples() *samples { return &samples{index: map[quantize.Work]int{}} }

// add adds the times of the parts of a network, for a batch of images.
func (s *samples) add(works []quantize.Work, times [][]time.Duration, batch int) {
	for i, w := range works {
		w.Layer = ""
		at, known := s.index[w]
		if !known {
			at = len(s.list)
			s.index[w] = at
			s.list = append(s.list, quantize.LatencyRow{Kind: w.Kind, Shape: w.Shape, Bits: w.Bits})
			s.places = append(s.places, 0)
			s.work = append(s.work, w.MACs*int64(batch))
		}
		slices.Sort(times[i])
		r := &s.list[at]
		r.NS += int64(at25(times[i]))
		r.Min += int64(times[i][0])
		r.Median += int64(times[i][(len(times[i])-1)/2])
		s.places[at]++
	}
}

// at25 is the lower quartile of ascending times. The sum of the least times of
// all parts is less than any run takes, since no run is lucky everywhere, and
// the sum of medians more than the least run: the quartiles are between.
func at25(x []time.Duration) time.Duration { return x[(len(x)-1)/4] }

// rows are the means.
func (s *samples) rows() []quantize.LatencyRow {
	rows := slices.Clone(s.list)
	for i := range rows {
		r, n := &rows[i], s.places[i]
		r.NS, r.Min, r.Median = r.NS/n, r.Min/n, r.Median/n
		if r.NS > 0 {
			r.GMACs = float64(s.work[i]) / float64(r.NS)
		}
	}
	return rows
}
