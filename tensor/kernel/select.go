package kernel

// Select copies planes: channel i of images [lo, hi) of dst is channel
// channels[i] of x [N,C,size].
func Select(dst, x []float32, channels []int, c, size int, images Range) {
	for n := images.Lo; n < images.Hi; n++ {
		for i, ch := range channels {
			copy(dst[(n*len(channels)+i)*size:][:size], x[(n*c+ch)*size:])
		}
	}
}

// SelectBackward sets images [lo, hi) of dx to the gradient of Select: a channel
// gets the sum over all its copies.
func SelectBackward(dx, dy []float32, channels []int, c, size int, images Range) {
	clear(dx[images.Lo*c*size : images.Hi*c*size])
	for n := images.Lo; n < images.Hi; n++ {
		for i, ch := range channels {
			out := dx[(n*c+ch)*size:][:size]
			for j, v := range dy[(n*len(channels)+i)*size:][:size] {
				out[j] += v
			}
		}
	}
}

// SelectU8 is Select for one image of codes [H,W,C].
func SelectU8(dst, x []uint8, channels []int, c int) {
	for len(x) > 0 {
		for i, ch := range channels {
			dst[i] = x[ch]
		}
		dst, x = dst[len(channels):], x[c:]
	}
}
