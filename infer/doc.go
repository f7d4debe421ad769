// Package infer runs networks: it is what a program that embeds mixq imports.
//
// Compile (or Open, for a .mixq file) turns a graph into a Program: layers with
// packed weights, which take no more bits than in the file, and a plan of where
// every intermediate value lives in memory.
// A Program is immutable and may be shared. A Session runs it; each goroutine
// has its own, with its own memory, and a Run allocates nothing.
//
// The three modes are three readings of one graph. Float runs a graph without
// quantized values. Integer holds quantized values as codes and computes with
// integers; its results are the same bits on every machine, at every level of
// package isa and for any number of threads. Simulate computes in float32 on
// real values that lie on the same grids; a layer's outputs are within one code
// of Integer's on equal inputs. In Integer and Simulate, values without a grid
// are real and their layers run in float32. Float results are the same bits for
// any number of threads at one level.
//
// Everything that a graph or file can be wrong about is found by Compile and
// Open and comes back as an error that names the layer or file.
//
// Layouts are N,C,H,W at the border (inputs, outputs, Observe). Inside, codes
// are N,H,W,C, so that a patch of a convolution is made of long runs of bytes.
package infer
