package asm

//go:generate go run -C _asm ./arm64/winograd_f32 -out ../winograd_f32_arm64.s

// WinogradTiles is the number of windows that WinogradInputF32 transforms at
// once.
const WinogradTiles = 8

// WinogradInputF32 is the input transform of Winograd's F(4x4,3x3): it takes
// WinogradTiles windows d of 6 x 6 elements in every channel to Bᵀ·d·B and
// scatters the elements to 36 matrices, each in the panels of mr rows (4 or 8)
// that a GemmF32 reads as a:
//
//	d[i][j] = src[c*plane + offsets[l] + i*stride + j]    for c < channels
//	dst[(6*i+j)*matrix + l/mr*channels*mr + c*mr + l%mr] = (Bᵀ·d·B)[i][j]
//
// Bᵀ is that of Lavin and Gray, Fast Algorithms for Convolutional Neural
// Networks (2016), section 4.3. Every level gives the same bits unless a
// product overflows. It panics if an element is outside its slice or mr is
// another number. dst must not overlap src.
func WinogradInputF32(dst []float32, matrix, mr int, src []float32, plane, stride int, offsets *[WinogradTiles]int32, channels int) {
	if channels <= 0 {
		return
	}
	switch {
	case mr != 4 && mr != 8:
		panic(badPanel)
	case matrix < 0 || plane < 0 || stride < 0:
		panic(badStride)
	case len(dst) < 35*matrix+WinogradTiles*channels:
		panic(shortDst)
	}
	reach := (channels-1)*plane + 5*stride + 6
	for _, o := range offsets {
		if o < 0 || int(o)+reach > len(src) {
			panic(shortSrc)
		}
	}
	winogradInputF32(dst, matrix, mr, src, plane, stride, offsets, channels)
}

// WinogradOutputF32 is the output transform of Winograd's F(4x4,3x3): it takes
// the 6 x 6 matrices m of eight channels of a row of tiles to the 4 x 4 outputs
// Aᵀ·m·A:
//
//	m[i][j] = src[(6*i+j)*matrix + t*row + c]    for t < tiles, c < 8
//	dst[c*plane + i*stride + 4*t + j] = (Aᵀ·m·A)[i][j]
//
// Aᵀ is from where Bᵀ of WinogradInputF32 is. Every level gives the same bits
// unless a product overflows. It panics if an element is outside its slice. dst
// must not overlap src.
func WinogradOutputF32(dst []float32, plane, stride int, src []float32, matrix, row, tiles int) {
	if tiles <= 0 {
		return
	}
	switch {
	case matrix < 0 || row < 0 || plane < 0 || stride < 0:
		panic(badStride)
	case len(dst) < 7*plane+3*stride+4*tiles:
		panic(shortDst)
	case len(src) < 35*matrix+(tiles-1)*row+8:
		panic(shortSrc)
	}
	winogradOutputF32(dst, plane, stride, src, matrix, row, tiles)
}
