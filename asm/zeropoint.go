package asm

//go:generate go run -C _asm ./arm64/zeropoint -out ../zeropoint_arm64.s

// SumRowsU8 sums the codes of rows that are a stride apart:
//
//	for i := range sums {
//		sums[i] = 0
//		for _, v := range a[i*stride:][:k] {
//			sums[i] += int32(v)
//		}
//	}
//
// With the sums a product of codes is corrected for the zero points of its
// weights; they must fit in 32 bits. It panics if a row is outside a or if k or
// the stride is negative.
func SumRowsU8(sums []int32, a []uint8, stride, k int) {
	switch {
	case len(sums) == 0:
		return
	case k < 0:
		panic(badSize)
	case stride < 0:
		panic(badStride)
	case len(a) < (len(sums)-1)*stride+k:
		panic(shortA)
	}
	sumRowsU8(sums, a, stride, k)
}
