// Package train runs graphs of package nn on an autograd tape: forward passes
// with gradients for quantize, and a training loop.
//
// A network runs through the same kernels as in infer's float mode. Results do
// not depend on the number of threads, and for equal seeds and data a training
// run repeats bit for bit on one ISA level.
//
// Bad graphs and configurations are errors that name the layer or field.
package train
