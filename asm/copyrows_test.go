package asm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

func TestCopyRowsU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for n := range 150 {
			rows, dstStride, srcStride := 1+n%4, n+n%3, n%5*n/3 // source rows overlap
			src, dst := newGuarded[uint8]((rows-1)*srcStride+n), newGuarded[uint8]((rows-1)*dstStride+n)
			want := make([]uint8, len(dst.s))
			for i := range src.s {
				src.s[i] = uint8(rng.Uint32())
			}
			for i := range want {
				dst.s[i] = 0x5a
				want[i] = 0x5a // between the rows
			}
			for i := range rows {
				for j := range n {
					want[i*dstStride+j] = src.s[i*srcStride+j]
				}
			}
			CopyRowsU8(dst.s, dstStride, src.s, srcStride, rows, n)
			src.check(t)
			dst.check(t)
			for i, got := range dst.s {
				if got != want[i] {
					t.Fatalf("n=%d: byte %d = %d, want %d", n, i, got, want[i])
				}
			}
		}
	})
	a, b := make([]uint8, 10), make([]uint8, 10)
	wantPanic(t, "CopyRowsU8", badSize, func() { CopyRowsU8(a, 1, b, 1, 1, -1) })
	wantPanic(t, "CopyRowsU8", badStride, func() { CopyRowsU8(a, -1, b, 1, 1, 1) })
	wantPanic(t, "CopyRowsU8", shortDst, func() { CopyRowsU8(a, 8, b, 0, 2, 8) })
	wantPanic(t, "CopyRowsU8", shortSrc, func() { CopyRowsU8(a, 0, b, 8, 2, 8) })
}

// BenchmarkCopyRowsU8 gathers a kernel row of the patches of 32 positions.
func BenchmarkCopyRowsU8(b *testing.B) {
	for _, n := range []int{9, 48, 96, 192} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			const rows = 32
			src, dst := make([]uint8, rows*n), make([]uint8, rows*n*3)
			b.SetBytes(int64(rows * n))
			for b.Loop() {
				CopyRowsU8(dst, 3*n, src, n/3, rows, n)
			}
		})
	}
}
