//go:build !purego

package isa

import "github.com/klauspost/cpuid/v2"

var supported = []Level{Generic, AVX2, AVX512VNNI, AMX}

// detect lists the levels of this processor. The package cpuid also checks that
// the operating system saves the registers, and permitAMX that it saves tiles.
func detect() []Level {
	switch {
	case !cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.BMI2):
		return supported[:1]
	case !cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.AVX512VNNI):
		return supported[:2]
	case !cpuid.CPU.Supports(cpuid.AMXTILE, cpuid.AMXINT8) || !permitAMX():
		return supported[:3]
	}
	return supported
}
