package asm

import (
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

// TestUnpackU8 reads every code bit by bit.
func TestUnpackU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	isatest.Each(t, func(t *testing.T) {
		for bits := 2; bits <= 8; bits++ {
			for n := range 70 {
				src := newGuarded[uint8]((n*bits + 7) / 8)
				for i := range src.s {
					src.s[i] = uint8(rng.Uint32())
				}
				dst := newGuarded[uint8](n)
				UnpackU8(dst.s, src.s, bits)
				dst.check(t)
				src.check(t)
				for i, got := range dst.s {
					want := uint8(1) << (bits - 1)
					for b := range bits {
						want ^= src.s[(i*bits+b)/8] >> ((i*bits + b) % 8) & 1 << b
					}
					if got != want {
						t.Fatalf("bits=%d n=%d: code %d = %d, want %d", bits, n, i, got, want)
					}
				}
			}
		}
	})
	wantPanic(t, "UnpackU8", badBits, func() { UnpackU8(nil, nil, 1) })
	wantPanic(t, "UnpackU8", shortSrc, func() { UnpackU8(make([]uint8, 9), make([]byte, 3), 3) })
}
