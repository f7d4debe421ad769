package kernel

import "math"

// BatchNorm is dst = (x - mean)/sqrt(variance + eps)·weight + bias per channel,
// computed as x·scale + shift, for planes (n·C + c) of x [N,C,hw]; weight, bias,
// mean and variance are [C]. dst may be x.
func BatchNorm(dst, x, weight, bias, mean, variance []float32, eps float32, hw int, planes Range) {
	for p := planes.Lo; p < planes.Hi; p++ {
		c := p % len(weight)
		scale := weight[c] * InvStd(variance[c], eps)
		shift := bias[c] - float32(mean[c]*scale)
		row := dst[p*hw:][:hw]
		for i, v := range x[p*hw:][:hw] {
			row[i] = float32(v*scale) + shift
		}
	}
}

// InvStd is 1/sqrt(variance + eps), rounded once.
func InvStd(variance, eps float32) float32 {
	return float32(1 / math.Sqrt(float64(variance)+float64(eps)))
}

// BatchNormStats sets mean and variance (the biased one, by n·hw) of channels
// [lo, hi) over the batch x [n,C,hw], where C = len(mean). The variance is taken
// about the mean, in a second pass; sums of a plane are float32, sums over
// planes float64.
func BatchNormStats(mean, variance, x []float32, n, hw int, channels Range) {
	m := float64(n * hw)
	for c := channels.Lo; c < channels.Hi; c++ {
		var s float64
		for i := range n {
			s += float64(sum(x[(i*len(mean)+c)*hw:][:hw]))
		}
		mu := float32(s / m)
		s = 0
		for i := range n {
			s += float64(sumSquares(x[(i*len(mean)+c)*hw:][:hw], mu))
		}
		mean[c], variance[c] = mu, float32(s/m)
	}
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
		var s, sx float64
		for i := range n {
			at := (i*len(weight) + c) * hw
			a, b := gradSums(dy[at:][:hw], x[at:][:hw], mean[c])
			s, sx = s+float64(a), sx+float64(b)
		}
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
			gradLine(dx[at:][:hw], dy[at:][:hw], x[at:][:hw], scale, slope, shift)
		}
	}
}

// gradLine is dx = scale·dy + slope·x + shift.
func gradLine(dx, dy, x []float32, scale, slope, shift float32) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		dx[i] = float32(scale*dy[i]) + float32(slope*x[i]) + shift
	}
}

// sum adds x in four interleaved chains.
func sum(x []float32) float32 {
	var a, b, c, d float32
	for ; len(x) >= 4; x = x[4:] {
		a += x[0]
		b += x[1]
		c += x[2]
		d += x[3]
	}
	for _, v := range x {
		a += v
	}
	return (a + b) + (c + d)
}

// sumSquares adds (x-mean)² in four interleaved chains.
func sumSquares(x []float32, mean float32) float32 {
	var s [4]float32
	for ; len(x) >= 4; x = x[4:] {
		e, f, g, h := x[0]-mean, x[1]-mean, x[2]-mean, x[3]-mean
		s[0] += float32(e * e)
		s[1] += float32(f * f)
		s[2] += float32(g * g)
		s[3] += float32(h * h)
	}
	for _, v := range x {
		e := v - mean
		s[0] += float32(e * e)
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

// gradSums returns the sums of dy and of dy·(x-mean), each in two interleaved
// chains.
func gradSums(dy, x []float32, mean float32) (s, sx float32) {
	var a, b, p, q float32
	x = x[:len(dy)]
	i := 0
	for ; i+2 <= len(dy); i += 2 {
		a += dy[i]
		b += dy[i+1]
		p += float32(dy[i] * (x[i] - mean))
		q += float32(dy[i+1] * (x[i+1] - mean))
	}
	if i < len(dy) {
		a += dy[i]
		p += float32(dy[i] * (x[i] - mean))
	}
	return a + b, p + q
}
