package asm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isatest"
)

// expanded are the panels of n rows of k weights that were packed at the given bits.
func expanded(t testing.TB, g *GemmU8, w []int8, n, k, bits int) []byte {
	t.Helper()
	zero := slices.Repeat([]uint8{1 << (bits - 1)}, n)
	codes := make([]uint8, len(w))
	for i, v := range w {
		codes[i] = uint8(int(v) + int(zero[0]))
	}
	return expandedCodes(t, g, codes, zero, k, bits)
}

func expandedCodes(t testing.TB, g *GemmU8, codes, zero []uint8, k, bits int) []byte {
	t.Helper()
	panels := (len(zero) + g.NR - 1) / g.NR
	packed := newGuarded[uint8](g.PackedBytes(len(zero), k, bits))
	g.Pack(packed.s, codes, zero, k, bits, make([]byte, g.PackScratch(k)))
	packed.check(t)
	before := slices.Clone(packed.s)
	dst := newGuarded[uint8](g.ExpandBytes(panels, k, bits))
	out := g.Expand(dst.s, packed.s, panels, k, bits)
	dst.check(t)
	packed.check(t)
	if !slices.Equal(packed.s, before) {
		t.Error("Expand changed the packed weights")
	}
	return out
}

// panelWeight reads weight w[j][l] by the formula of layoutU8.
func panelWeight(g *GemmU8, panels []byte, j, l, k int) int {
	panel := panels[j/g.NR*g.PanelBytes(k):]
	j %= g.NR
	if g.WBytes == 2 {
		at := 2 * (l/4*64 + l%2*32 + j*2 + l%4/2)
		return int(int16(uint16(panel[at]) | uint16(panel[at+1])<<8))
	}
	c, group := g.layout.channels, g.layout.group
	kpad := roundUp(k, max(g.KR, group))
	return int(int8(panel[j/c*c*kpad+l/group*c*group+j%c*group+l%group]))
}

// TestPanelU8 packs and expands for every kernel at every width and wants each
// weight back where the layout says, and zeros as padding.
func TestPanelU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	isatest.Each(t, func(t *testing.T) {
		for _, g := range gemmU8s {
			for bits := 2; bits <= 8; bits++ {
				for _, k := range []int{0, 1, 3, 4, 15, 16, 31, 64, 65, 100, 147, 200} {
					checkPanelU8(t, rng, &g, 1+rng.IntN(2*g.NR), k, bits)
				}
			}
		}
	})
}

func checkPanelU8(t *testing.T, rng *rand.Rand, g *GemmU8, n, k, bits int) {
	t.Helper()
	codes, zero := make([]uint8, n*k), make([]uint8, n)
	for i := range codes {
		codes[i] = uint8(rng.IntN(1 << bits))
	}
	for i := range zero {
		zero[i] = uint8(rng.IntN(1 << bits))
	}
	panels := expandedCodes(t, g, codes, zero, k, bits)
	for j := range roundUp(n, g.NR) {
		for l := range roundUp(k, max(g.KR, g.layout.group)) {
			want := 0
			if j < n && l < k {
				want = int(int8(codes[j*k+l] - zero[j]))
			}
			if got := panelWeight(g, panels, j, l, k); got != want {
				t.Fatalf("%s: n=%d k=%d bits=%d: weight %d,%d = %d, want %d", g.Name, n, k, bits, j, l, got, want)
			}
		}
	}
}

func TestPanelU8Panics(t *testing.T) {
	g := &gemmU8s[0]
	const k, bits = 7, 3
	codes, zero := make([]uint8, k), make([]uint8, 1)
	packed, dst := make([]byte, g.PackedBytes(1, k, bits)), make([]byte, g.ExpandBytes(1, k, bits))
	scratch := make([]byte, g.PackScratch(k))
	for _, tt := range []struct {
		want string
		call func()
	}{
		{badSize, func() { g.Pack(packed, codes, zero, -1, bits, scratch) }},
		{badBits, func() { g.Pack(packed, codes, zero, k, 1, scratch) }},
		{shortW, func() { g.Pack(packed, codes[1:], zero, k, bits, scratch) }},
		{shortDst, func() { g.Pack(packed[1:], codes, zero, k, bits, scratch) }},
		{shortDst, func() { g.Pack(packed, codes, zero, k, bits, scratch[1:]) }},
		{badSize, func() { g.Expand(dst, packed, -1, k, bits) }},
		{badBits, func() { g.Expand(dst, packed, 1, k, 9) }},
		{shortB, func() { g.Expand(dst, packed[1:], 1, k, bits) }},
		{shortDst, func() { g.Expand(dst[1:], packed, 1, k, bits) }},
	} {
		wantPanic(t, "panel", tt.want, tt.call)
	}
}

// BenchmarkExpand expands a panel that is in the first-level cache.
func BenchmarkExpand(b *testing.B) {
	const k = 576
	for bits := 2; bits <= 8; bits++ {
		g := GemmU8For(8)
		b.Run(fmt.Sprintf("%s/bits=%d", g.Name, bits), func(b *testing.B) {
			packed, dst := make([]byte, g.PackedBytes(g.NR, k, bits)), make([]byte, g.ExpandBytes(1, k, bits))
			b.SetBytes(int64(k * g.NR))
			for b.Loop() {
				g.Expand(dst, packed, 1, k, bits)
			}
		})
	}
}
