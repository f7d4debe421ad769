//go:build purego || !amd64

package asm

func (d *DepthwiseU8) run(dst, x []uint8, positions, step int) { d.runGeneric(dst, x, positions, step) }
