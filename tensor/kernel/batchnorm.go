package kernel

import (
	"math"

	"mixq/asm"
)

// BatchNorm is dst = (x - mean)/sqrt(variance + eps)·weight + bias per channel,
// computed as x·scale + shift, for planes (n·C + c) of x [N,C,hw]; weight, bias,
// mean and variance are [C]. dst may be x.
func BatchNorm(dst, x, weight, bias, mean, variance []float32, eps float32, hw int, planes Range) {
	for p := planes.Lo; p < planes.Hi; p++ {
		c := p % len(weight)
		scale := weight[c] * InvStd(variance[c], eps)
		shift := bias[c] - float32(mean[c]*scale)
		asm.AffineF32(dst[p*hw:][:hw], x[p*hw:][:hw], scale, shift, unbounded.Lo, unbounded.Hi)
	}
}

// InvStd is 1/sqrt(variance + eps), rounded once.
func InvStd(variance, eps float32) float32 {
	return float32(1 / math.Sqrt(float64(variance)+float64(eps)))
}

// BatchNormStats sets mean and variance (the biased one, by n·hw) of channels
// [lo, hi) over the batch x [n,C,hw], where C = len(mean). The variance is taken
// about the mean, in a second pass; sums within a plane are float32, sums over
// planes float64.
func BatchNormStats(mean, variance, x []float32, n, hw int, channels Range) {
	m := float64(n * hw)
	for c := channels.Lo; c < channels.Hi; c++ {
		s, _ := channelMoments(x, x, 0, n, hw, len(mean), c)
		mu := float32(s / m)
		_, sx := channelMoments(x, x, mu, n, hw, len(mean), c)
		sx -= float64(mu) * (s - m*float64(mu)) // mu is rounded, so sum x·(x-mu) is not quite sum (x-mu)²
		mean[c], variance[c] = mu, float32(max(sx, 0)/m)
	}
}

// channelMoments adds up asm.MomentsF32 over the planes of one channel of x and
// y [n,C,hw], in order.
func channelMoments(x, y []float32, center float32, n, hw, channels, c int) (s, sy float64) {
	for i := range n {
		at := (i*channels + c) * hw
		a, b := asm.MomentsF32(x[at:][:hw], y[at:][:hw], center)
		s, sy = s+float64(a), sy+float64(b)
	}
	return s, sy
}

// BatchNormBackward computes channels [lo, hi) of the gradients of BatchNorm
// for the batch x [n,C,hw], where C = len(weight):
//
//	xhat    = (x - mean)/sqrt(variance + eps)
//	dbias   = sum dy                dweight = sum dy·xhat
//	dx      = weight/sqrt(variance + eps)·dy                                     frozen
//	dx      = weight/sqrt(variance + eps)·(dy - dbias/m - xhat·dweight/m)        else, m = n·hw
//
// frozen says that mean and variance are constants; else they are those of x.
// dx may be dy.
func BatchNormBackward(dx, dweight, dbias, dy, x, weight, mean, variance []float32, eps float32, frozen bool, n, hw int, channels Range) {
	for c := channels.Lo; c < channels.Hi; c++ {
		inv := InvStd(variance[c], eps)
		s, sx := channelMoments(dy, x, mean[c], n, hw, len(weight), c)
		sx *= float64(inv)
		dbias[c], dweight[c] = float32(s), float32(sx)
		// dx = scale·dy + slope·x + shift
		scale := weight[c] * inv
		var slope, shift float32
		if !frozen {
			m := float64(n * hw)
			k := -float64(scale) * sx / m * float64(inv)
			slope, shift = float32(k), float32(-k*float64(mean[c])-float64(scale)*s/m)
		}
		for i := range n {
			at := (i*len(weight) + c) * hw
			asm.CombineF32(dx[at:][:hw], dy[at:][:hw], x[at:][:hw], scale, slope, shift)
		}
	}
}
