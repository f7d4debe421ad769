package asm

//go:generate go run -C _asm ./arm64/pool -out ../pool_arm64.s

// MaxU8 is dst[i] = max(dst[i], x[i]). It panics if the slices differ in
// length.
func MaxU8(dst, x []uint8) {
	if len(x) != len(dst) {
		panic(badLength)
	}
	maxU8(dst, x)
}

// AddU8 is sums[i] += int32(x[i]), wrapping around. It panics if the slices
// differ in length.
func AddU8(sums []int32, x []uint8) {
	if len(x) != len(sums) {
		panic(badLength)
	}
	addU8(sums, x)
}
