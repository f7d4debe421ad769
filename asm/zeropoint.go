package asm

// SumU8 is the sum of the codes in a. With it a product of codes is corrected
// for the zero points of its weights. The sum must fit in 32 bits.
func SumU8(a []uint8) int32 { return sumU8(a) }

// AxpyS32 is
//
//	for i, v := range x {
//		y[i] += s * v
//	}
//
// with sums and products that wrap around. It subtracts s = -sum of the
// activations times the zero points x of the output channels. It panics if the
// slices differ in length.
func AxpyS32(y, x []int32, s int32) {
	if len(x) != len(y) {
		panic(badLength)
	}
	axpyS32(y, x, s)
}
