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

// axpyS32Generic is the definition of AxpyS32.
func axpyS32Generic(y, x []int32, s int32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += s * v
	}
}
