package asm

// maxU8Generic is the definition of MaxU8.
func maxU8Generic(dst, x []uint8) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = max(dst[i], v)
	}
}

// addU8Generic is the definition of AddU8.
func addU8Generic(sums []int32, x []uint8) {
	x = x[:len(sums)]
	for i, v := range x {
		sums[i] += int32(v)
	}
}
