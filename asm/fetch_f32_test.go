package asm

import "testing"

// A request is harmless wherever it begins and ends, also beyond the slice.
func TestFetchF32(t *testing.T) {
	for n := range 100 {
		x := iota32(n)
		FetchF32(x.s)
		x.check(t)
	}
}
