package tensor

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Shape holds the sizes of the dimensions, outermost first: activations are
// N,C,H,W or N,C, convolution weights O,I,H,W, linear weights O,I.
type Shape []int

// Elems is the product of the sizes; 1 for the empty shape.
func (s Shape) Elems() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Rows is the leading size and the number of elements at each of its indices; the
// empty shape is one row of one.
func (s Shape) Rows() (n, cols int) {
	if len(s) == 0 {
		return 1, 1
	}
	return s[0], s.Elems() / s[0]
}

// Valid reports whether all sizes are positive and their product times eight
// fits an int, so that sizes in bytes can be computed without overflow.
func (s Shape) Valid() bool {
	n := 1
	for _, d := range s {
		if d <= 0 || n > math.MaxInt/8/d {
			return false
		}
		n *= d
	}
	return true
}

// Equal reports whether s and t have the same rank and sizes.
func (s Shape) Equal(t Shape) bool { return slices.Equal(s, t) }

// Clone returns a copy of s.
func (s Shape) Clone() Shape { return slices.Clone(s) }

// String is "1x3x224x224", or "scalar" for the empty shape.
func (s Shape) String() string {
	if len(s) == 0 {
		return "scalar"
	}
	var b strings.Builder
	for i, d := range s {
		if i > 0 {
			b.WriteByte('x')
		}
		b.WriteString(strconv.Itoa(d))
	}
	return b.String()
}
