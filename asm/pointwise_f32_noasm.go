//go:build purego || !amd64

package asm

var pointwiseF32sArch []PointwiseF32
