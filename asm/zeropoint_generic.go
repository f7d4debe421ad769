package asm

// sumU8Generic is the definition of SumU8.
func sumU8Generic(a []uint8) int32 {
	var s int32
	for _, v := range a {
		s += int32(v)
	}
	return s
}

// axpyS32Generic is the definition of AxpyS32.
func axpyS32Generic(y, x []int32, s int32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += s * v
	}
}
