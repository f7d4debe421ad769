package main

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"mixq/models"
	"mixq/quantize"
)

// The types in this file are flag values: they turn the words of the command
// line into the library's types.

// bitList is a list of bit-widths such as 2,3,4.
type bitList []uint8

func (b *bitList) Set(s string) error {
	bits, err := parseBits(s)
	*b = bits
	return err
}

func (b *bitList) Type() string { return "BITS" }

func (b *bitList) String() string {
	words := make([]string, len(*b))
	for i, v := range *b {
		words[i] = strconv.Itoa(int(v))
	}
	return strings.Join(words, ",")
}

func parseBits(s string) ([]uint8, error) {
	var bits []uint8
	for word := range strings.SplitSeq(s, ",") {
		b, err := strconv.ParseUint(strings.TrimSpace(word), 10, 8)
		if err != nil {
			return nil, fmt.Errorf("%q is not a bit-width; want a list such as 2,3,4", word)
		}
		bits = append(bits, uint8(b))
	}
	return bits, nil
}

// ruleList collects rules such as linear:bits=4/6/8.
type ruleList []quantize.Rule

func (r *ruleList) Set(s string) error {
	rule, err := quantize.ParseRule(s)
	*r = append(*r, rule)
	return err
}

func (r *ruleList) addFlag(f *pflag.FlagSet) {
	f.Var(r, "rule", "settings of the layers that GLOB matches: bits=4/6/8, min=3, max=6 (of weights), act=6/8 (of inputs), rounding=nearest; repeatable, later rules win")
}

func (r *ruleList) Type() string { return "GLOB:KEY=VALUE,..." }

func (r *ruleList) String() string {
	words := make([]string, len(*r))
	for i, v := range *r {
		words[i] = v.Layer
	}
	return strings.Join(words, " ")
}

// model is a network of package models, or one in an ONNX file, with its
// weights; without the flag it has no name.
type model struct {
	models.Model
	isFile bool // Name is the path of an ONNX file, and all there is of Model
}

func (m *model) Set(name string) (err error) {
	if m.isFile = isONNX(name); m.isFile {
		m.Model = models.Model{Name: name}
		return nil
	}
	m.Model, err = models.Find(name)
	return err
}

func (m *model) Type() string   { return "NAME" }
func (m *model) String() string { return m.Name }

func addThreads(f *pflag.FlagSet, threads *int) {
	f.IntVar(threads, "threads", runtime.GOMAXPROCS(0), "goroutines that compute; changes nothing but the time")
}

func addExact(f *pflag.FlagSet, exact *bool) {
	f.BoolVar(exact, "exact", false, "float32 without the faster convolutions that round differently (Winograd)")
}

func addSeed(f *pflag.FlagSet, seed *uint64) {
	f.Uint64Var(seed, "seed", 1, "seed of all random choices")
}
