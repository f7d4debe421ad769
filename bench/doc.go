// Package bench runs experiments that others can repeat: a Spec names a
// network, its data and a list of quantization runs, a Result holds what came
// out together with the hashes and the environment it depends on. Results are
// saved after every run, and an execution that was broken off goes on from
// there; WriteDocument makes tables of all of them, docs/results.md.
//
// MeasureLatency takes the times of one network, MeasureKernels those of layers
// at every bit-width, as a table that package quantize allocates bits by.
// CompareLatency sets mixq beside other programs.
//
// Accuracies are measured in integer execution of the written files and must
// agree between machines for one artifact hash; seconds are the machine's own.
package bench
