package quantize

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// BudgetKind says what a Budget bounds.
type BudgetKind uint8

// The kinds of budget (NUMERICS.md 22).
const (
	NoBudget    BudgetKind = iota // any size
	Compression                   // packed weight codes take at most 1/Value of the float32 weights
	AverageBits                   // packed weight codes take at most Value bits a weight on average
	FileBytes                     // the whole file takes at most Value bytes
)

// Budget is an upper limit of the size of the result.
type Budget struct {
	Kind  BudgetKind
	Value float64
}

// units are the suffixes of budgets; a longer one stands before its own end.
var units = []struct {
	suffix string
	kind   BudgetKind
	unit   float64
}{
	{"KiB", FileBytes, 1 << 10}, {"MiB", FileBytes, 1 << 20},
	{"kB", FileBytes, 1e3}, {"KB", FileBytes, 1e3}, {"MB", FileBytes, 1e6}, {"B", FileBytes, 1},
	{"x", Compression, 1}, {"b", AverageBits, 1},
}

// ParseBudget reads "8x" (compression), "4.0b" (average bits of a weight) or a
// size such as "150kB" (units B, kB, MB, KiB and MiB), or "none".
func ParseBudget(s string) (Budget, error) {
	if s == noBudget {
		return Budget{}, nil
	}
	for _, u := range units {
		t, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(t, 64)
		if b := (Budget{u.kind, v * u.unit}); err == nil && b.validate() == nil {
			return b, nil
		}
		break
	}
	return Budget{}, fmt.Errorf("quantize: budget %q is not a compression such as 8x, average bits such as 4.0b or a size such as 150kB", s)
}

// String is the form that ParseBudget reads.
func (b Budget) String() string {
	v := strconv.FormatFloat(b.Value, 'g', -1, 64)
	switch b.Kind {
	case Compression:
		return v + "x"
	case AverageBits:
		return v + "b"
	case FileBytes:
		return v + "B"
	}
	return noBudget
}

const noBudget = "none"

// MarshalText writes the budget as a string.
func (b Budget) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the string form.
func (b *Budget) UnmarshalText(t []byte) (err error) {
	*b, err = ParseBudget(string(t))
	return err
}

func (b Budget) validate() error {
	if b.Kind == NoBudget || b.Kind > FileBytes || !(b.Value > 0) || math.IsInf(b.Value, 0) {
		return fmt.Errorf("quantize: budget %v is not a positive compression, number of bits or number of bytes", b)
	}
	return nil
}

// BudgetError says that no allocation of the candidate bits meets a budget.
type BudgetError struct{ Budget, Smallest Budget }

func (e *BudgetError) Error() string {
	return fmt.Sprintf("quantize: budget %v is impossible: with these candidate bits the smallest is %v; ask for no less or allow fewer bits", e.Budget, e.Smallest)
}

// resource is the row of the size. It can be met.
func (b Budget) resource(sens *SensTable, overhead int64) (resource, error) {
	r := resource{name: "size"}
	if err := b.validate(); err != nil {
		return r, err
	}
	r.capacity = b.capacity(sens, overhead)
	for _, l := range sens.Layers {
		costs := make([]int64, len(l.Bits))
		for j, bits := range l.Bits {
			costs[j] = l.cost(b.Kind, bits)
		}
		r.cost = append(r.cost, costs)
	}
	if least := r.least(); least > r.capacity {
		return r, &BudgetError{b, reachable(b.Kind, least, overhead, sens)}
	}
	return r, nil
}

// capacity is what the weights may take: bits of codes, or bytes of the file.
func (b Budget) capacity(t *SensTable, overhead int64) int64 {
	n := float64(t.weights())
	switch b.Kind {
	case Compression:
		return int64(32 * n / b.Value)
	case AverageBits:
		return int64(b.Value * n)
	}
	return int64(min(b.Value, math.MaxInt64/2)) - overhead
}

// reachable is the tightest budget of a kind, given the least cost. It is
// rounded so that asking for it works.
func reachable(kind BudgetKind, least, overhead int64, t *SensTable) Budget {
	n := float64(t.weights())
	switch kind {
	case Compression:
		return Budget{kind, math.Floor(32*n/float64(least)*1000) / 1000}
	case AverageBits:
		return Budget{kind, math.Ceil(float64(least)/n*1000) / 1000}
	}
	return Budget{kind, float64(least + overhead)}
}
