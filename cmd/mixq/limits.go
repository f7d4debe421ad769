package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"mixq/quantize"
)

// limits are the budgets and ties that flags name.
type limits struct {
	budgets [len(budgetFlags)]budgetFlag
	ties    tieList
	latency latency
}

// budgetFlags name the flag of each resource.
var budgetFlags = [...]struct{ name, usage string }{
	quantize.Size:    {"budget", "limit of the `SIZE`: 8x, 4.0b, 150kB or none; by default 8x, or none beside a limit of BOPs, latency or accuracy"},
	quantize.BOPs:    {"bops-budget", "limit of the bit operations of a run, the sum over layers of MACs·Wbits·Abits: `BOPS` such as 1.2G, or 64x fewer than with 32-bit numbers"},
	quantize.Latency: {"latency-budget", "limit of the predicted `TIME` of a run, such as 5ms"},
	quantize.Memory:  {"memory-budget", "limit of the memory of the activations of one image, whatever their bits: a `SIZE` such as 64kB"},
}

// defaultBudget is the limit of the size where nothing else limits the bits.
var defaultBudget = quantize.Budget{Kind: quantize.Compression, Value: 8}

// addFlags adds the flags of budgets, ties and the latency table.
func (l *limits) addFlags(f *pflag.FlagSet) {
	for r, b := range budgetFlags {
		l.budgets[r].resource = quantize.Resource(r)
		f.Var(&l.budgets[r], b.name, b.usage)
	}
	f.Var(&l.ties, "tie", "layers that GLOB matches share one bit-width, or with :act their inputs do; repeatable")
	l.latency.addTable(f)
}

// apply gives the limits that the flags name. free says that something else
// limits the bits. The latency table stays nil if it is to be measured.
func (l *limits) apply(free bool) (quantize.Limits, error) {
	out := quantize.Limits{Ties: l.ties}
	if !l.budgets[quantize.Size].set && !free && !l.has(quantize.BOPs) && !l.has(quantize.Latency) {
		out.Budgets = append(out.Budgets, defaultBudget)
	}
	for _, b := range l.budgets {
		if l.has(b.resource) {
			out.Budgets = append(out.Budgets, b.value)
		}
	}
	var err error
	if l.latency.path != "" {
		out.Table, err = l.latency.read(l.latency.path)
	}
	return out, err
}

// has reports whether r is limited by its flag.
func (l *limits) has(r quantize.Resource) bool { return l.budgets[r].value.Kind != 0 }

// budgetFlag is the limit of one resource.
type budgetFlag struct {
	resource quantize.Resource
	value    quantize.Budget // zero for none
	set      bool
}

func (b *budgetFlag) Set(s string) (err error) {
	if b.set = true; s == "none" {
		b.value = quantize.Budget{}
		return nil
	}
	b.value, err = quantize.ParseBudget(b.resource.String() + "=" + s)
	return err
}

func (b *budgetFlag) Type() string { return "BUDGET" }

func (b *budgetFlag) String() string {
	if b.value.Kind == 0 {
		return ""
	}
	return flagValue(b.value)
}

// flagValue is a budget as its flag has it.
func flagValue(b quantize.Budget) string {
	text := b.String()
	if _, value, ok := strings.Cut(text, "="); ok {
		return value
	}
	return text
}

// tieList collects ties such as layer1.*.
type tieList []quantize.Tie

func (l *tieList) Set(s string) error {
	t, err := quantize.ParseTie(s)
	*l = append(*l, t)
	return err
}

func (l *tieList) Type() string { return "GLOB" }

func (l *tieList) String() string {
	words := make([]string, len(*l))
	for i, t := range *l {
		words[i] = t.String()
	}
	return strings.Join(words, " ")
}

// nameBudgets names the flags in the error of budgets that cannot be met.
func nameBudgets(err error) error {
	e, ok := errors.AsType[*quantize.InfeasibleError](err)
	if !ok {
		return err
	}
	var flags []string
	for _, b := range e.Budgets {
		flags = append(flags, fmt.Sprintf("--%s %s", budgetFlags[b.Asked.Resource()].name, flagValue(b.Asked)))
	}
	return fmt.Errorf("%s: %w", strings.Join(flags, " "), err)
}
