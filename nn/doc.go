// Package nn is the one intermediate representation of a network: a directed
// acyclic graph of typed layers and the values between them.
//
// It is data. It holds no kernels, no gradients and no state of passes: models
// build graphs, nn/rewrite and quantize change them, infer and nn/train run
// them. Layout is always logical N,C,H,W for activations and O,I,H,W for
// convolution weights; N is 1 unless WithBatch changed it.
//
// Quantization is a property of a value's type, not of an operator: a Conv2d
// whose values carry a Quant is a quantized convolution.
//
// All checking of names, arities and shapes happens here, in Graph.Validate and
// Op.Infer, and comes back as an error that names the node; executors may rely
// on a validated graph.
package nn
