// Package asm holds the micro-kernels: the innermost loops of mixq on plain
// slices, in portable Go and in assembly.
//
// The files *_generic.go are compiled on every architecture and define every
// kernel. Integer kernels give the same bits at every level of package isa;
// float kernels differ between levels, because some fuse multiplication and
// addition, but not between runs.
//
// Tiled kernels are rows of a table (table.go) and are chosen by GemmF32For,
// PointwiseF32For and GemmU8For; streaming kernels are plain functions that look
// at the level themselves. The tag purego leaves the assembly out.
//
// Callers size their slices with the formulas of each kernel. Slices that are
// too short are bugs of the caller and panic; kernels allocate nothing and run
// on the calling goroutine.
package asm

// Messages of the panics that bad arguments cause.
const (
	badSize      = "asm: negative size or depth zero"
	badLength    = "asm: slices differ in length"
	badStride    = "asm: stride is negative or shorter than a row"
	badBits      = "asm: weight bits outside 1..8"
	badChannels  = "asm: channels are not in blocks or a step is negative"
	badRows      = "asm: rows are no multiple of those of a tile"
	badPanel     = "asm: panels are not of 4 or 8 rows"
	shortA       = "asm: a is too short"
	shortB       = "asm: b is too short"
	shortC       = "asm: c is too short"
	shortW       = "asm: w is too short"
	shortDst     = "asm: dst is too short"
	shortSrc     = "asm: src is too short"
	shortAcc     = "asm: acc is too short"
	shortBias    = "asm: bias is too short"
	shortRes     = "asm: residual is too short"
	shortColumns = "asm: bias, multipliers, zero points or sums are too short"
)
