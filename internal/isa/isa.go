// Package isa knows which instruction sets the processor has, as levels.
//
// A level is one full predicate, not a set of flags, and the levels of an
// architecture are ordered: a processor at one level has all the lower ones.
// Kernels are chosen by level, and tests run every level that is available, so
// no combination exists that was not tested.
//
// The environment variable MIXQ_ISA, read once when the program starts, lowers
// the level (MIXQ_ISA=generic, avx2, ...). It cannot raise it.
package isa

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// Level is an instruction set level. Levels of different architectures are not
// comparable, but Generic is below all.
type Level uint8

// The levels, in increasing order within each architecture.
const (
	Generic Level = iota // portable Go

	AVX2       // amd64: AVX2, FMA and BMI2
	AVX512VNNI // amd64: AVX2 and AVX-512 F, BW, DQ, VL, VNNI
	AMX        // amd64: AVX512VNNI and the tiles of AMX with 8-bit integers

	NEON    // arm64: Advanced SIMD, which every arm64 processor has
	DotProd // arm64: NEON and SDOT, UDOT
	I8MM    // arm64: DotProd and SMMLA, USDOT
)

var names = [...]string{
	Generic:    "generic",
	AVX2:       "avx2",
	AVX512VNNI: "avx512vnni",
	AMX:        "amx",
	NEON:       "neon",
	DotProd:    "dotprod",
	I8MM:       "i8mm",
}

// String is the name of the level as MIXQ_ISA takes it.
func (l Level) String() string {
	if int(l) >= len(names) {
		return fmt.Sprintf("Level(%d)", uint8(l))
	}
	return names[l]
}

// available holds Generic up to the best usable level; envErr is what was wrong
// with MIXQ_ISA. Both are fixed once the package is initialized.
var available, envErr = restrict(detect(), os.Getenv("MIXQ_ISA"))

// current is the level in use: the one piece of mutable package state in mixq.
var current = func() *atomic.Uint32 {
	l := new(atomic.Uint32)
	l.Store(uint32(available[len(available)-1]))
	return l
}()

// restrict cuts the detected levels off above the one that is named.
func restrict(detected []Level, name string) ([]Level, error) {
	if name == "" {
		return detected, nil
	}
	for i, l := range detected {
		if l.String() == name {
			return detected[:i+1], nil
		}
	}
	return detected, fmt.Errorf("isa: MIXQ_ISA=%q is not a level of this machine; use one of %s", name, list(detected))
}

// list writes levels as "generic, avx2".
func list(levels []Level) string {
	s := make([]string, len(levels))
	for i, l := range levels {
		s[i] = l.String()
	}
	return strings.Join(s, ", ")
}

// Current is the level that kernels must use now.
func Current() Level { return Level(current.Load()) }

// Available lists the levels that may be used, from Generic to the best.
func Available() []Level { return slices.Clone(available) }

// Supported lists every level of this architecture, whether or not this
// processor has it.
func Supported() []Level { return slices.Clone(supported) }

// EnvError says what is wrong with the value of MIXQ_ISA, which is then ignored;
// nil if the variable is unset or good.
func EnvError() error { return envErr }

// Force makes l the current level and returns a function that undoes it. It is
// for tests, which must not run in parallel with others while a level is
// forced. It panics if l is not available.
func Force(l Level) (restore func()) {
	if !slices.Contains(available, l) {
		panic("isa: cannot force " + l.String() + ": available are " + list(available))
	}
	old := current.Swap(uint32(l))
	return func() { current.Store(old) }
}
