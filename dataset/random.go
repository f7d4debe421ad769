package dataset

import (
	"math/bits"
	"math/rand/v2"
)

// random draws numbers that are the same on every machine. Only the generator
// is the standard library's: how its Rand turns draws into other values is not
// promised to stay.
type random struct{ pcg *rand.PCG }

// newRandom returns the stream that belongs to the keys, for example a seed and
// the index of an image.
func newRandom(keys ...uint64) random {
	var h uint64
	for _, k := range keys {
		h = mix(h ^ k)
	}
	return random{rand.NewPCG(h, mix(h))}
}

// mix is a step of SplitMix64 (Steele, Lea and Flood 2014): neighbouring keys
// give unrelated values.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns an integer in [0, n). Its bias, at most n/2^64, does not matter.
func (r random) below(n int) int {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between returns a number in [lo, hi), a multiple of 2^-53 of the way.
func (r random) between(lo, hi float64) float64 {
	unit := float64(r.pcg.Uint64()>>11) * (1.0 / (1 << 53))
	return lo + float64(unit*(hi-lo))
}

// normal returns a number with mean 0 and variance 1 that is nearly normally
// distributed: the sum of four uniform ones.
func (r random) normal() float64 {
	const mean, std = 4 * 65535.0 / 2, 37837.2 // of the sum: std² = 4·(2^32-1)/12
	b := r.pcg.Uint64()
	return (float64(b>>48+b>>32&0xffff+b>>16&0xffff+b&0xffff) - mean) / std
}

// Order returns 0..n-1 shuffled by seed: the order of training, and its first
// elements the choice for calibration.
func Order(n int, seed uint64) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	r := newRandom(seed)
	for i := n - 1; i > 0; i-- { // Fisher and Yates
		j := r.below(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}
