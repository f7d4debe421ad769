// Package quantize compresses a trained network by post-training mixed-precision
// quantization: first-order sensitivities of every layer at every bit-width, an
// integer linear program for the bits, and rounding that needs no labels and no
// retraining. The method starts from Chauhan et al., "Post Training Mixed
// Precision Quantization of Neural Networks Using First-Order Information"
// (ICCV Workshops 2023).
//
// Run is the whole pipeline, in straight-line code that can be copied and
// edited: fold, resolve, equalize, calibrate, sensitivity, allocate, round, pack,
// verify. Each step is a function with a typed, serialisable product (Stats,
// SensTable, Plan, Report).
//
// The same inputs, configuration and instruction set level give the same bytes
// for any number of threads: statistics over images are merged in index order
// and random draws are keyed by (seed, image, draw).
//
// Errors name the layer, the value or the setting at fault; bad input never
// panics.
package quantize
