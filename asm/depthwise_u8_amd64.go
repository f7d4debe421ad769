//go:build !purego

package asm

import "unsafe"

//go:generate go run -C _asm ./depthwise_u8 -out ../depthwise_u8_amd64.s

func (d *DepthwiseU8) run(dst, x []uint8, positions, step int) {
	y, from, taps, quads := unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(d.taps), len(d.taps)/depthwiseTaps
	w, columns := unsafe.SliceData(d.packed), unsafe.SliceData(d.columns)
	lo, hi, zero := uint32(d.Lo)*0x01010101, uint32(d.Hi)*0x01010101, uint32(d.Zero)*0x00010001
	switch {
	case !DepthwiseU8Pays():
		d.runGeneric(dst, x, positions, step)
	case d.zeros:
		depthwiseU8_zeros_avx512vnni_asm(y, from, positions, step, d.Channels, taps, quads, w, columns, lo, hi, zero)
	default:
		depthwiseU8_avx512vnni_asm(y, from, positions, step, d.Channels, taps, quads, w, columns, lo, hi, zero)
	}
}

//go:noescape
func depthwiseU8_avx512vnni_asm(dst, x *uint8, positions, step, channels int, taps *int32, quads int, w *int8, columns *int32, lo, hi, zero uint32)

//go:noescape
func depthwiseU8_zeros_avx512vnni_asm(dst, x *uint8, positions, step, channels int, taps *int32, quads int, w *int8, columns *int32, lo, hi, zero uint32)
