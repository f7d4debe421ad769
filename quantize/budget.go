package quantize

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Resource is what a Budget limits.
type Resource uint8

// The resources.
const (
	Size    Resource = iota // of the weights, or of the file
	BOPs                    // bit operations of a run: the sum over layers of MACs·Wbits·Abits
	Latency                 // of a run, by a LatencyTable
	Memory                  // of activations
	numResources
)

var resources = [numResources]struct{ name, forms string }{
	Size:    {"size", "a compression such as 8x, average bits such as 4.0b or a size such as 150kB"},
	BOPs:    {"bops", "a number of bit operations such as 1.2G or a compression such as 64x"},
	Latency: {"latency", "a time such as 5ms"},
	Memory:  {"memory", "a size such as 64kB"},
}

func (r Resource) String() string {
	if r >= numResources {
		return fmt.Sprintf("Resource(%d)", uint8(r))
	}
	return resources[r].name
}

// BudgetKind says what a Budget bounds; the zero value is invalid.
type BudgetKind uint8

// The kinds of budget (NUMERICS.md 22).
const (
	Compression     BudgetKind = iota + 1 // packed weight codes take at most 1/Value of the float32 weights
	AverageBits                           // packed weight codes take at most Value bits a weight on average
	FileBytes                             // the whole file takes at most Value bytes
	BitOperations                         // a run takes at most Value BOPs
	BOPsCompression                       // a run takes at most 1/Value of the BOPs of 32-bit weights and activations
	RunTime                               // a run takes at most Value nanoseconds
	ActivationBytes                       // the activations of one image take at most Value bytes (infer.ActivationBytes)
	numBudgetKinds
)

// Budget is an upper limit of a resource.
type Budget struct {
	Kind  BudgetKind
	Value float64
}

// budgetKind is how the budgets of a kind are written and counted.
type budgetKind struct {
	resource Resource
	units    []unit
	cost     func(*SensTable, *LatencyTable) (cost, error) // of the resource
	per      func(*SensTable) float64                      // cost that Value 1 stands for; nil: Value is a cost, a whole number
	inverse  bool                                          // a larger Value allows less
	counts   string                                        // what the cost counts
}

type unit struct {
	suffix string
	size   float64
}

var (
	byteUnits = []unit{{"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"KiB", 1 << 10}, {"MiB", 1 << 20}}
	timeUnits = []unit{{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}
	bopsUnits = []unit{{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}}
	xUnits    = []unit{{"x", 1}}
	bitUnits  = []unit{{"b", 1}}
)

var budgetKinds = [numBudgetKinds]budgetKind{
	Compression:     {Size, xUnits, codeBits, floatBits, true, "bits of codes"},
	AverageBits:     {Size, bitUnits, codeBits, weightCount, false, "bits of codes"},
	FileBytes:       {Size, byteUnits, fileBytes, nil, false, "bytes of the file"},
	BitOperations:   {BOPs, bopsUnits, bitOperations, nil, false, "bit operations"},
	BOPsCompression: {BOPs, xUnits, bitOperations, floatOperations, true, "bit operations"},
	RunTime:         {Latency, timeUnits, runTime, nil, false, "ns"},
	ActivationBytes: {Memory, byteUnits, activationBytes, nil, false, "bytes of activations"},
}

// Resource is what b limits; b must be valid.
func (b Budget) Resource() Resource { return budgetKinds[b.Kind].resource }

// Counts names what Spent counts for budgets of this kind, such as "bits of
// codes"; b must be valid.
func (b Budget) Counts() string { return budgetKinds[b.Kind].counts }

// ParseBudget reads a limit of the size, "8x" (compression), "4.0b" (average
// bits of a weight) or "150kB" (units B, kB, MB, KiB and MiB), or one of another
// resource with its name before it: "bops=1.2G" or "bops=64x", "latency=5ms",
// "memory=64kB".
func ParseBudget(s string) (Budget, error) {
	name, text, ok := strings.Cut(s, "=")
	if !ok {
		name, text = Size.String(), s
	}
	r := Resource(slices.IndexFunc(resources[:], func(r struct{ name, forms string }) bool { return r.name == name }))
	if r >= numResources {
		return Budget{}, fmt.Errorf("quantize: budget %q: no resource %q; want size, bops, latency or memory", s, name)
	}
	b, longest := Budget{}, -1
	for kind := Compression; kind < numBudgetKinds; kind++ {
		k := &budgetKinds[kind]
		for _, u := range k.units {
			number, ok := strings.CutSuffix(text, u.suffix)
			if k.resource != r || !ok || len(u.suffix) <= longest {
				continue
			}
			longest = len(u.suffix)
			b = Budget{kind, k.parse(number, u)}
		}
	}
	if b.validate() != nil {
		return Budget{}, fmt.Errorf("quantize: budget %q is not %s", s, resources[r].forms)
	}
	return b, nil
}

// parse is a number of units; NaN if it is none.
func (k *budgetKind) parse(number string, u unit) float64 {
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return math.NaN()
	case k.per == nil:
		return math.Round(v * u.size)
	}
	return v
}

// String is the form that ParseBudget reads, in the unit that makes it shortest
// of those that make numbers from 1 to 1000.
func (b Budget) String() string {
	if b.Kind == 0 || b.Kind >= numBudgetKinds {
		return fmt.Sprintf("Budget(%d, %v)", b.Kind, b.Value)
	}
	k := &budgetKinds[b.Kind]
	text := k.text(b.Value, k.units[0])
	found := false
	for _, u := range k.units {
		v, t := b.Value/u.size, k.text(b.Value, u)
		if v >= 1 && v < 1000 && (!found || len(t) < len(text)) && k.parse(strings.TrimSuffix(t, u.suffix), u) == b.Value {
			text, found = t, true
		}
	}
	if k.resource != Size {
		text = k.resource.String() + "=" + text
	}
	return text
}

func (k *budgetKind) text(v float64, u unit) string {
	return strconv.FormatFloat(v/u.size, 'f', -1, 64) + u.suffix
}

// MarshalText writes the budget as a string.
func (b Budget) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the string form.
func (b *Budget) UnmarshalText(t []byte) (err error) {
	*b, err = ParseBudget(string(t))
	return err
}

func (b Budget) validate() error {
	if b.Kind == 0 || b.Kind >= numBudgetKinds || !(b.Value > 0) || math.IsInf(b.Value, 0) {
		return fmt.Errorf("quantize: budget %v is not positive and finite", b)
	}
	return nil
}

// capacity is the most that b allows, in the unit of its cost.
func (b Budget) capacity(t *SensTable) int64 {
	k, v := &budgetKinds[b.Kind], b.Value
	switch {
	case k.inverse:
		v = k.per(t) / v
	case k.per != nil:
		v *= k.per(t)
	}
	return int64(min(v, math.MaxInt64/2))
}

// reaching is the tightest budget of b's kind that allows the cost least. It is
// rounded so that asking for it works.
func (b Budget) reaching(least int64, t *SensTable) Budget {
	k, v := &budgetKinds[b.Kind], float64(least)
	switch {
	case k.inverse:
		v = math.Floor(k.per(t)/v*1000) / 1000
	case k.per != nil:
		v = math.Ceil(v/k.per(t)*1000) / 1000
	}
	return Budget{b.Kind, v}
}
