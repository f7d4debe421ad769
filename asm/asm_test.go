package asm

import "testing"

// guarded is a slice between guard words that betray stray writes.
type guarded[T uint8 | int16 | int32 | float32] struct {
	s   []T
	all []T
}

const (
	guardLen  = 64
	guardWord = 0x5a
)

func newGuarded[T uint8 | int16 | int32 | float32](n int) guarded[T] {
	all := make([]T, n+2*guardLen)
	for i := range all {
		all[i] = guardWord
	}
	return guarded[T]{all[guardLen : guardLen+n : guardLen+n], all}
}

// check fails if a word around the slice has changed.
func (g guarded[T]) check(t testing.TB) {
	t.Helper()
	for i, v := range g.all {
		if (i < guardLen || i >= guardLen+len(g.s)) && v != guardWord {
			t.Fatalf("stray write at element %d of a slice of %d", i-guardLen, len(g.s))
		}
	}
}

// wantPanic fails unless call panics with want.
func wantPanic(t *testing.T, name, want string, call func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v != want {
			t.Errorf("%s: recovered %v, want %q", name, v, want)
		}
	}()
	call()
}

// reportGMACs adds the rate of multiply-accumulates to a benchmark.
func reportGMACs(b *testing.B, macs int) {
	b.ReportMetric(float64(macs)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
}
