//go:build !purego

package isa

import "github.com/klauspost/cpuid/v2"

var supported = []Level{Generic, NEON, DotProd, I8MM}

// detect lists the levels of this processor.
func detect() []Level {
	switch {
	case !cpuid.CPU.Supports(cpuid.ASIMDDP):
		return supported[:2]
	case !cpuid.CPU.Supports(cpuid.I8MM):
		return supported[:3]
	}
	return supported
}
