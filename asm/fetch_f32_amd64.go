//go:build !purego

package asm

import "unsafe"

//go:generate go run -C _asm ./fetch_f32 -out ../fetch_f32_amd64.s

func fetchF32(x []float32) { fetchF32_sse_asm(unsafe.SliceData(x), (len(x)+15)/16) }

//go:noescape
func fetchF32_sse_asm(x *float32, lines int)
