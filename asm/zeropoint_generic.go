package asm

// sumRowsU8Generic is the definition of SumRowsU8.
func sumRowsU8Generic(sums []int32, a []uint8, stride, k int) {
	for i := range sums {
		var s int32
		for _, v := range a[i*stride:][:k] {
			s += int32(v)
		}
		sums[i] = s
	}
}
