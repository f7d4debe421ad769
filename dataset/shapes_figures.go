package dataset

import "math"

// An outline is the signed distance of a point to the edge of a figure of about
// unit radius, negative inside. Away from the edge it may be any value of the
// right sign.
type outline func(x, y float64) float64

// figure is a class.
type figure struct {
	name    string
	outline outline
}

var figures = [10]figure{
	{"disc", func(x, y float64) float64 { return length(x, y) - 0.9 }},
	{"ring", func(x, y float64) float64 { return math.Abs(length(x, y)-0.72) - 0.2 }},
	{"crescent", crescent},
	{"square", func(x, y float64) float64 { return max(math.Abs(x), math.Abs(y)) - 0.8 }},
	{"triangle", triangle},
	{"bow tie", bowTie},
	{"star", star},
	{"cross", cross},
	{"stripes", stripes},
	{"checker", checker},
}

// length is the distance to the origin.
func length(x, y float64) float64 { return math.Sqrt(dot(x, y, x, y)) }

// dot is ax·bx + ay·by, each product rounded.
func dot(ax, ay, bx, by float64) float64 { return float64(ax*bx) + float64(ay*by) }

// crescent is a disc without another disc.
func crescent(x, y float64) float64 {
	return max(length(x, y)-0.95, 0.75-length(x-0.45, y))
}

// pentagon holds the directions to the sides of a pentagon.
var pentagon = [5][2]float64{
	{0, 1},
	{-0.9510565162951535, 0.30901699437494745},
	{-0.5877852522924731, -0.8090169943749475},
	{0.5877852522924731, -0.8090169943749475},
	{0.9510565162951535, 0.30901699437494745},
}

// triangle is equilateral: the three half-planes at distance 0.55.
func triangle(x, y float64) float64 {
	const s = 0.8660254037844386 // sin 60°
	return max(-y, dot(x, y, s, 0.5), dot(x, y, -s, 0.5)) - 0.55
}

// bowTie is two triangles, tip to tip.
func bowTie(x, y float64) float64 {
	x, y = math.Abs(x), math.Abs(y)
	return max(x-0.9, float64(0.8*(y-float64(0.75*x)-0.08)))
}

// star is the pentagram: the points outside of at most one of the half-planes
// of a pentagon, so that the second largest distance to a side decides.
func star(x, y float64) float64 {
	first, second := math.Inf(-1), math.Inf(-1)
	for _, n := range pentagon {
		d := dot(x, y, n[0], n[1])
		first, second = max(first, d), max(second, min(first, d))
	}
	return second - 0.31
}

// cross is the union of two bars.
func cross(x, y float64) float64 {
	x, y = math.Abs(x), math.Abs(y)
	return min(max(x-0.9, y-0.3), max(x-0.3, y-0.9))
}

// bars is the distance to parallel bars of width 0.3, one every 0.6.
func bars(x float64) float64 {
	const period = 0.6
	x /= period
	return float64((math.Abs(x-math.Floor(x)-0.5) - 0.25) * period)
}

// stripes are bars within a disc.
func stripes(x, y float64) float64 { return max(length(x, y)-1, bars(x)) }

// checker is the exclusive or of two sets of bars within a square.
func checker(x, y float64) float64 {
	a, b := bars(x), bars(y)
	return max(math.Abs(x)-0.9, math.Abs(y)-0.9, min(max(a, -b), max(-a, b)))
}
