package quantize

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"mixq/nn"
)

// Work is a part of a run whose time is measured as one: loading an input, a
// layer, or storing an output.
type Work struct {
	Layer string // name of the node, or of the input or output
	Kind  string // of the node, or "load" or "store"
	Shape string // what its time depends on besides Bits: types, shapes and attributes
	Bits  uint8  // of its weights; 0 if it has none
	MACs  int64
}

// Works lists the parts of a run of q, which is quantized, in the order in
// which infer.Options.Trace tells of them.
func Works(q *nn.Graph) []Work {
	var ws []Work
	pixels := ""
	if q.Pixels != nil {
		pixels = " pixels"
	}
	for _, v := range q.Inputs {
		ws = append(ws, Work{Layer: v.Name, Kind: "load", Shape: typeKey(v) + pixels})
	}
	for _, n := range q.Nodes {
		ws = append(ws, layerWork(n))
	}
	for _, v := range q.Outputs {
		ws = append(ws, Work{Layer: v.Name, Kind: "store", Shape: typeKey(v)})
	}
	return ws
}

func layerWork(n *nn.Node) Work {
	w := Work{Layer: n.Name, Kind: n.Op.Kind().String(), MACs: n.MACs()}
	if o, ok := n.Operands(); ok && o.Weight.Type.Quant != nil {
		w.Bits = o.Weight.Type.Quant.Bits
	}
	var b strings.Builder
	for _, v := range n.In {
		b.WriteString(typeKey(v))
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "to %s", typeKey(n.Out[0]))
	if attrs, err := json.Marshal(n.Op); err == nil && string(attrs) != "{}" {
		fmt.Fprintf(&b, " %s", attrs)
	}
	w.Shape = b.String()
	return w
}

// typeKey is the element type and shape of a value.
func typeKey(v *nn.Value) string { return fmt.Sprintf("%v %v", v.Type.DType, v.Type.Shape) }

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
	NS     int64   `json:"ns"` // what predictions add up: the mean over the fastest tenth of runs
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
		return nil, 0, fmt.Errorf("quantize: the latency table has no row for %s at %d bits (%s %s)%s; measure this network with mixq bench kernels (--model NAME | FILE.mixq) --threads %d --batch %d --out FILE",
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

// LatencyBudget is an upper limit of the time of a run, by a table. Without a
// limit the table only predicts.
type LatencyBudget struct {
	Limit time.Duration // 0: none
	Table *LatencyTable // nil: no prediction, and no limit
}

func (b LatencyBudget) validate() error {
	switch {
	case b.Limit < 0:
		return fmt.Errorf("quantize: latency budget %v is not positive", b.Limit)
	case b.Limit > 0 && b.Table == nil:
		return errors.New("quantize: a latency budget needs a latency table")
	case b.Table == nil:
		return nil
	}
	return b.Table.validate()
}

// resource is the row of the latency; fixed is the time of all that has no
// weights.
func (b LatencyBudget) resource(sens *SensTable) (r resource, fixed time.Duration, err error) {
	var ws []Work
	layers := map[string]Work{}
	for _, w := range sens.Works {
		if w.Bits == 0 {
			ws = append(ws, w)
		} else {
			layers[w.Layer] = w
		}
	}
	rest := len(ws)
	for _, l := range sens.Layers {
		w, ok := layers[l.Layer]
		if !ok {
			return r, 0, fmt.Errorf("quantize: the sensitivities do not describe the shape of %s, which a latency budget needs; measure them again", l.Layer)
		}
		for _, w.Bits = range l.Bits {
			ws = append(ws, w)
		}
	}
	each, _, err := b.Table.Predict(ws)
	if err != nil {
		return r, 0, err
	}
	for _, d := range each[:rest] {
		fixed += d
	}
	each = each[rest:]
	r = resource{name: "latency", capacity: int64(b.Limit - fixed)}
	for _, l := range sens.Layers {
		costs := make([]int64, len(l.Bits))
		for j := range costs {
			costs[j] = int64(each[j])
		}
		r.cost, each = append(r.cost, costs), each[len(costs):]
	}
	return r, fixed, nil
}

// predict is the latency of a plan; nil without a table.
func (b LatencyBudget) predict(works []Work, p *Plan) (*PlanLatency, error) {
	if b.Table == nil {
		return nil, nil
	}
	ws := slices.Clone(works)
	for i, w := range ws {
		if w.Bits == 0 {
			continue
		}
		var err error
		if ws[i].Bits, err = p.bits(w.Layer); err != nil {
			return nil, err
		}
	}
	_, sum, err := b.Table.Predict(ws)
	return &PlanLatency{ms(sum), ms(b.Limit), b.Table.ISA, b.Table.Threads, b.Table.Batch}, err
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// LatencyError says that no allocation of the candidate bits is fast enough
// within the budget of the size.
type LatencyError struct {
	Limit, Fastest time.Duration
	Budget         Budget // of the size; the zero value for none
}

func (e *LatencyError) Error() string {
	within := ""
	if e.Budget != (Budget{}) {
		within = fmt.Sprintf(" and budget %v", e.Budget)
	}
	return fmt.Sprintf("quantize: latency budget %v is impossible: with these candidate bits%s the fastest takes %v; ask for no less or allow other bits",
		e.Limit, within, e.Fastest)
}
