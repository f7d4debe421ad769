package kernel

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// packOracle forms each row as one big integer.
func packOracle(codes []int8, rows, cols, bits int) []byte {
	var out []byte
	for r := range rows {
		v := new(big.Int)
		for j := range cols {
			c := int64(codes[r*cols+j]) & (1<<bits - 1)
			v.Or(v, new(big.Int).Lsh(big.NewInt(c), uint(j*bits)))
		}
		row := v.FillBytes(make([]byte, (cols*bits+7)/8))
		slices.Reverse(row)
		out = append(out, row...)
	}
	return out
}

func TestPack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for bits := 2; bits <= 8; bits++ {
		for cols := range 34 {
			t.Run(fmt.Sprintf("bits=%d/cols=%d", bits, cols), func(t *testing.T) {
				const rows = 3
				codes := make([]int8, rows*cols)
				for i := range codes {
					codes[i] = int8(rng.IntN(1<<bits) - 1<<(bits-1))
				}
				copy(codes, []int8{-1 << (bits - 1), 1<<(bits-1) - 1}) // both ends of the range
				want := packOracle(codes, rows, cols, bits)
				if n := PackedLen(rows, cols, bits); n != len(want) {
					t.Fatalf("PackedLen = %d, want %d", n, len(want))
				}
				packed := Pack(codes, rows, cols, bits)
				if !slices.Equal(packed.Data, want) {
					t.Errorf("packed = %x, want %x", packed.Data, want)
				}
				got := make([]int8, len(codes))
				packed.Unpack(got)
				if !slices.Equal(got, codes) {
					t.Errorf("unpacked = %v, want %v", got, codes)
				}
			})
		}
	}
}

// TestPackedBytes pins the order of the bits in a file.
func TestPackedBytes(t *testing.T) {
	got := Pack([]int8{1, -1, 3, -4, 0, 2}, 2, 3, 3).Data
	want := []byte{0b11_111_001, 0b0, 0b10_000_100, 0b0}
	if !slices.Equal(got, want) {
		t.Errorf("packed = %08b, want %08b", got, want)
	}
}
