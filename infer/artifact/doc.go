// Package artifact reads and writes .mixq files: one quantized network with
// everything that running it needs.
//
// A file is little-endian and made of
//
//	offset  bytes
//	0       8     magic "\x89MIXQ\r\n\x1a"
//	8       4     version, 1
//	12      4     length H of the header
//	16      H     header, JSON padded with spaces to a multiple of 16
//	16+H          words: 4-byte elements of all blobs that have such
//	              bytes: 1-byte elements of all blobs that have such
//	end−4   4     CRC-32C of everything before it
//
// Blobs have no offsets: they follow each other in the order of the header's
// values, so no header can point outside the file, and every size follows from
// a shape and a bit-width. Of a quantized value the words are its scales and
// the bytes its zero points, then, for a parameter, its codes in the form of
// kernel.PackedCodes with one row per leading index. Float32 and int32 parameters
// are words. The last bytes are the input's pixel codes, 256 a channel (for an
// input that is not quantized: the last words are its real values). Words come
// first so that they are aligned wherever the file is; codes need no alignment:
// what runs them packs them anew for its machine.
//
// The header names only what cannot be computed: shapes of computed values
// follow from nn's Infer, and equal layers share one description. It is not
// compressed, so that its length, and with it the cost of a bit, does not depend
// on the bit-widths (WeightBytes). The writer is
// deterministic, so files can be compared and hashed. The reader is bounded (it
// allocates a small multiple of the file's size, whatever the file says),
// validates the network, and reads every version ever released.
package artifact
