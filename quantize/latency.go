package quantize

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// LatencyTable holds what parts of networks take on one machine. Package bench
// measures it; its JSON form is a file that users keep.
type LatencyTable struct {
	Mixq    string       `json:"mixq"` // version
	Go      string       `json:"go"`
	ISA     string       `json:"isa"` // level that the kernels used
	CPU     string       `json:"cpu"` // as the processor calls itself; "" if it does not
	Threads int          `json:"threads"`
	Batch   int          `json:"batch"` // images of a run; all times are for the whole batch
	Clock   string       `json:"clock"` // "cpu": processor time, "wall": wall time
	Rows    []LatencyRow `json:"rows"`  // in the order of first use
}

// LatencyRow is the time of one kind of Work, the mean over all places where it
// was measured.
type LatencyRow struct {
	Kind   string  `json:"kind"`
	Shape  string  `json:"shape"`
	Bits   uint8   `json:"bits,omitempty"`
	NS     int64   `json:"ns"` // what predictions add up: the mean over the fastest tenth of runs, scaled to the fastest
	Min    int64   `json:"min_ns"`
	Median int64   `json:"median_ns"`
	GMACs  float64 `json:"gmacs_per_s,omitempty"` // at NS
}

// latencyKey is what a row is found by.
type latencyKey struct {
	kind, shape string
	bits        uint8
}

func (w Work) key() latencyKey       { return latencyKey{w.Kind, w.Shape, w.Bits} }
func (r LatencyRow) key() latencyKey { return latencyKey{r.Kind, r.Shape, r.Bits} }

// maxNS bounds the time of a row, a day, so that sums of rows cannot overflow.
const maxNS = int64(24 * time.Hour)

// ReadLatencyTable reads and checks a table.
func ReadLatencyTable(path string) (*LatencyTable, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("quantize: latency table: %w", err)
	}
	var t LatencyTable
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, fmt.Errorf("quantize: latency table %s: %w", path, err)
	}
	if err := t.validate(); err != nil {
		return nil, fmt.Errorf("quantize: latency table %s: %w; measure it again with mixq bench kernels", path, err)
	}
	return &t, nil
}

func (t *LatencyTable) validate() error {
	if t.ISA == "" || t.Threads < 1 || t.Batch < 1 || len(t.Rows) == 0 {
		return errors.New("isa, threads, batch and rows are needed")
	}
	seen := map[latencyKey]bool{}
	for i, r := range t.Rows {
		switch {
		case r.NS < 0 || r.NS > maxNS:
			return fmt.Errorf("row %d: %d ns", i, r.NS)
		case seen[r.key()]:
			return fmt.Errorf("row %d: a second one for %s %s at %d bits", i, r.Kind, r.Shape, r.Bits)
		}
		seen[r.key()] = true
	}
	return nil
}

// Check is an error unless t was measured at the given level of package isa and
// with the given threads.
func (t *LatencyTable) Check(level string, threads int) error {
	if t.ISA != level || t.Threads != threads {
		return fmt.Errorf("quantize: the latency table is for level %s and %d threads, wanted are %s and %d; measure another with mixq bench kernels --threads %d",
			t.ISA, t.Threads, level, threads, threads)
	}
	return nil
}

// Predict is what each part of a run takes by the table, and the sum. Missing
// rows are an error that says how to measure them.
func (t *LatencyTable) Predict(ws []Work) (each []time.Duration, sum time.Duration, err error) {
	rows := map[latencyKey]time.Duration{}
	for _, r := range t.Rows {
		rows[r.key()] = time.Duration(r.NS)
	}
	var missing []Work
	for _, w := range ws {
		d, ok := rows[w.key()]
		if !ok {
			missing = append(missing, w)
		}
		each = append(each, d)
		sum += d
	}
	if len(missing) > 0 {
		w := missing[0]
		return nil, 0, fmt.Errorf("quantize: the latency table has no row for %s at %d bits (%s %s)%s; measure this network with mixq bench kernels (--model NAME | --model FILE.onnx | FILE.mixq) --threads %d --batch %d --out FILE",
			w.Layer, w.Bits, w.Kind, w.Shape, andMore(len(missing)-1), t.Threads, t.Batch)
	}
	return each, sum, nil
}

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}
