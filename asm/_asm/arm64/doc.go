// Package arm64 writes assembly files for the kernels of mixq on arm64.
//
// The Go assembler knows the loads, stores, integer instructions and branches,
// but few of the vector instructions; those are written as words, each with its
// meaning as a comment. Op encodes them, File lays out the text. The
// subdirectories are the generators, one for each file of package asm.
package arm64
