package asm

import (
	"syscall"
	"testing"
	"unsafe"

	"mixq/internal/isatest"
)

// edge is a slice of n elements that ends where a page begins that may not be
// read or written.
func edge[T uint8 | int16 | int32 | float32](t *testing.T, n int) []T {
	t.Helper()
	var zero T
	size, page := n*int(unsafe.Sizeof(zero)), syscall.Getpagesize()
	whole := roundUp(size, page)
	data, err := syscall.Mmap(-1, 0, whole+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(data); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mprotect(data[whole:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data[whole-size:]))), n)
}

// A kernel that reads past the end of a slice crashes this test.
func TestTiledKernelsStayInsideSlices(t *testing.T) {
	for k := range 40 {
		eachGemmF32(t, func(g GemmF32) {
			g.Run(edge[float32](t, g.MR*g.NR), g.NR, edge[float32](t, k*g.MR), edge[float32](t, k*g.NR), k)
		})
		eachGemmU8(t, func(g GemmU8) {
			kpad := roundUp(k, g.KR)
			for panels := 1; panels <= g.Panels; panels++ {
				g.Run(edge[int32](t, panels*g.MR*g.NR), edge[uint8](t, g.MR*kpad), kpad, g.MR,
					edge[uint8](t, panels*g.PanelBytes(k)), panels, k)
			}
			bits := 2 + k%7
			g.Expand(edge[uint8](t, g.ExpandBytes(1, k, bits)), edge[uint8](t, g.PackedBytes(g.NR, k, bits)), 1, k, bits)
		})
	}
}

func TestStreamingKernelsStayInsideSlices(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for n := 1; n < 70; n++ {
			x, y := edge[float32](t, n), edge[float32](t, n)
			u, v := edge[uint8](t, n), edge[uint8](t, n)
			s := edge[int32](t, n)

			AffineF32(y, x, 2, 1, 0, 6)
			CombineF32(y, x, x, 1, 2, 3)
			FinishF32(y, x, 1, x, 0, 6)
			MaskF32(y, x, x, 0, 6)
			MomentsF32(x, y, 1)
			CopyRowsF32(y, n, x, n, 1, n)
			SplitRowsF32(edge[float32](t, (n+1)/2), edge[float32](t, n/2), n, x, n, 1, n)
			GatherF32(y, n, x, []int32{0}, n)
			TransposeF32(edge[float32](t, 8*n), 8, edge[float32](t, 8*n), n, 8, n)
			(&StencilF32{Rows: 1, Columns: n, Offsets: []int32{0}}).Run(y, x, []float32{1}, 0, 0, 6)
			(&StencilF32{Rows: 1, Columns: n, Offsets: []int32{0}}).Max(y, x)
			p := Plane3x3F32{Height: 1, Width: n, Stride: 1 + n%2, Left: 1, Rows: 1, Columns: n / (1 + n%2)}
			p.Plan()
			p.Run(edge[float32](t, p.Columns), x, new([9]float32), 0, 0, 6)

			AddU8(s, u)
			MaxTapsU8(v, u, []int32{0}, 1, n, n)
			CopyRowsU8(v, n, u, n, 1, n)
			SumRowsU8(s[:1], u, n, n)
			UnpackU8(v, edge[uint8](t, (3*n+7)/8), 3)
			q := Requant{Dst: v, Acc: s, Rows: 1, Cols: n, Bias: s, Mult: x, WZero: s, Sums: s, Res: u, Hi: 255}
			q.Run()
		}
		for n := 1; n < 6; n++ {
			WinogradInputF32(edge[float32](t, 36*8*n), 8*n, 4, edge[float32](t, 36*n), 36, 6, &[8]int32{}, n)
			WinogradOutputF32(edge[float32](t, 8*16*n), 16*n, 4*n, edge[float32](t, 36*8*n), 8*n, 8, n)
		}
		for taps := 1; taps < 6; taps++ {
			packed := edge[int16](t, DWConvU8Packed(taps, dwBlock))
			d := DepthwiseU8{Channels: 13 * taps, Taps: make([]int32, taps)}
			d.Pack(make([]int16, 13*taps*taps), make([]int32, 13*taps), make([]int32, 13*taps), make([]float32, 13*taps))
			d.Run(edge[uint8](t, 13*taps), edge[uint8](t, 13*taps), 1, 0)
			DWConvU8(edge[int32](t, dwBlock), edge[uint8](t, dwBlock), make([]int32, taps), packed, 1, 0, dwBlock)
		}
	})
}
