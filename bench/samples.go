package bench

import (
	"cmp"
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

// add adds the times of the parts of a network, by part and run, and those of
// the whole runs, for a batch of images.
func (s *samples) add(works []quantize.Work, times [][]time.Duration, total []time.Duration, batch int) {
	fast := fastest(total)
	var all time.Duration
	for _, run := range fast {
		all += total[run]
	}
	scale := float64(total[fast[0]]) / float64(all)
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
		var sum time.Duration
		for _, run := range fast {
			sum += times[i][run]
		}
		sorted := slices.Sorted(slices.Values(times[i]))
		r := &s.list[at]
		r.NS += int64(float64(sum) * scale)
		r.Min += int64(sorted[0])
		r.Median += int64(sorted[(len(sorted)-1)/2])
		s.places[at]++
	}
}

// fastest are the runs of the first tenth by their total time, at least one, in
// that order. What parts take in those, scaled to the first, adds up to what a
// network takes at its best; the least times of all parts add up to less than
// any run takes, since no run is lucky everywhere, and the medians to more.
func fastest(total []time.Duration) []int {
	runs := make([]int, len(total))
	for i := range runs {
		runs[i] = i
	}
	slices.SortStableFunc(runs, func(a, b int) int { return cmp.Compare(total[a], total[b]) })
	return runs[:(len(runs)+9)/10]
}

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
