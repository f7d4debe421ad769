package infer

import (
	"fmt"
	"math"

	"mixq/nn"
	"mixq/tensor/kernel"
)

// planes is a value of one image for the oracle: element (c, i, j) is
// v[(c*h+i)*w+j].
type planes struct {
	c, h, w int
	v       []float64
}

func newPlanes(c, h, w int) *planes { return &planes{c, h, w, make([]float64, c*h*w)} }

// at is an element, or pad outside the image.
func (p *planes) at(c, i, j int, pad float64) float64 {
	if i < 0 || j < 0 || i >= p.h || j >= p.w {
		return pad
	}
	return p.v[(c*p.h+i)*p.w+j]
}

// gate is an element, or that of the channel if p has one element a channel.
func (p *planes) gate(c, i, j int) float64 {
	if p.h*p.w == 1 {
		return p.v[c]
	}
	return p.at(c, i, j, 0)
}

// fill sets every element.
func (p *planes) fill(f func(c, i, j int) float64) *planes {
	for c := range p.c {
		for i := range p.h {
			for j := range p.w {
				p.v[(c*p.h+i)*p.w+j] = f(c, i, j)
			}
		}
	}
	return p
}

// activate is an activation as its definition has it; the sigmoid is written
// with another function than in kernel.
func activate(a nn.Activation, x float64) float64 {
	sigmoid := (1 + math.Tanh(x/2)) / 2
	hard := min(max(x/6+.5, 0), 1)
	switch a {
	case nn.Sigmoid:
		return sigmoid
	case nn.SiLU:
		return x * sigmoid
	case nn.HardSigmoid:
		return hard
	case nn.HardSwish:
		return x * hard
	}
	c := a.Clamp()
	return min(max(x, float64(c.Lo)), float64(c.Hi))
}

// convolve is the seven loops of a convolution, with a bias that may be nil.
// Padding is pad.
func convolve(x *planes, p kernel.Conv2dParams, cout int, weight func(o, c, i, j int) float64, pad float64) *planes {
	oh, ow := p.OutSize(x.h, x.w)
	cg, og := x.c/p.Groups, cout/p.Groups
	return newPlanes(cout, oh, ow).fill(func(o, i, j int) float64 {
		var s float64
		for c := range cg {
			for ki := range p.KernelH {
				for kj := range p.KernelW {
					s += weight(o, c, ki, kj) * x.at(o/og*cg+c, i*p.StrideH-p.PadTop+ki*p.DilationH, j*p.StrideW-p.PadLeft+kj*p.DilationW, pad)
				}
			}
		}
		return s
	})
}

// pool calls f with the elements of every window that lie inside the image and
// with the size of the window as an average that counts padding sees it.
func pool(x *planes, p kernel.Pool2dParams, f func(in []float64, whole int) float64) *planes {
	oh, ow := p.OutSize(x.h, x.w)
	return newPlanes(x.c, oh, ow).fill(func(c, i, j int) float64 {
		var in []float64
		whole := 0
		for ki := range p.KernelH {
			for kj := range p.KernelW {
				y, z := i*p.StrideH-p.PadTop+ki, j*p.StrideW-p.PadLeft+kj
				if y < x.h+p.PadBottom && z < x.w+p.PadRight {
					whole++
				}
				if v := x.at(c, y, z, math.NaN()); !math.IsNaN(v) {
					in = append(in, v)
				}
			}
		}
		return f(in, whole)
	})
}

func sum(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s
}

// realOracle computes a float node in float64.
func realOracle(n *nn.Node, in []*planes) *planes {
	x := in[0]
	param := func(i int) []float32 { return n.In[i].Data.Float32() }
	switch op := n.Op.(type) {
	case *nn.Conv2d:
		s, w := n.In[1].Type.Shape, param(1)
		y := convolve(x, op.Conv2dParams, s[0], func(o, c, i, j int) float64 {
			return float64(w[((o*s[1]+c)*s[2]+i)*s[3]+j])
		}, 0)
		return y.fill(func(c, i, j int) float64 {
			v := y.at(c, i, j, 0)
			if op.Bias {
				v += float64(param(2)[c])
			}
			if op.Residual {
				v += in[len(in)-1].at(c, i, j, 0)
			}
			return activate(op.Act, v)
		})
	case *nn.Linear:
		w := param(1)
		return newPlanes(n.Out[0].Type.Shape[1], 1, 1).fill(func(o, _, _ int) float64 {
			s := float64(param(2)[o])
			for i, v := range x.v {
				s += float64(w[o*len(x.v)+i]) * v
			}
			return activate(op.Act, s)
		})
	case *nn.BatchNorm:
		return newPlanes(x.c, x.h, x.w).fill(func(c, i, j int) float64 {
			return (x.at(c, i, j, 0)-float64(param(3)[c]))/math.Sqrt(float64(param(4)[c])+float64(op.Eps))*float64(param(1)[c]) + float64(param(2)[c])
		})
	case *nn.Activate:
		return newPlanes(x.c, x.h, x.w).fill(func(c, i, j int) float64 { return activate(op.Act, x.at(c, i, j, 0)) })
	case *nn.Mul:
		return newPlanes(x.c, x.h, x.w).fill(func(c, i, j int) float64 { return x.at(c, i, j, 0) * in[1].gate(c, i, j) })
	case *nn.Add:
		return newPlanes(x.c, x.h, x.w).fill(func(c, i, j int) float64 { return activate(op.Act, x.at(c, i, j, 0)+in[1].at(c, i, j, 0)) })
	case *nn.AvgPool:
		return pool(x, op.Pool2dParams, func(v []float64, whole int) float64 {
			if op.CountIncludePad {
				return sum(v) / float64(whole)
			}
			return sum(v) / float64(len(v))
		})
	case *nn.GlobalAvgPool:
		return adaptive(x, 1, 1)
	case *nn.AdaptiveAvgPool:
		return adaptive(x, op.OutH, op.OutW)
	case *nn.Softmax:
		var s float64
		for _, v := range x.v {
			s += math.Exp(v)
		}
		return newPlanes(x.c, 1, 1).fill(func(c, _, _ int) float64 { return math.Exp(x.v[c]) / s })
	case *nn.Quantize, *nn.Dequantize:
		return x
	}
	return moveOracle(n, in, 0)
}

func adaptive(x *planes, oh, ow int) *planes {
	return newPlanes(x.c, oh, ow).fill(func(c, i, j int) float64 {
		var s, n float64
		for y := i * x.h / oh; y*oh < (i+1)*x.h; y++ {
			for z := j * x.w / ow; z*ow < (j+1)*x.w; z++ {
				s, n = s+x.at(c, y, z, 0), n+1
			}
		}
		return s / n
	})
}

// moveOracle computes the nodes that move elements, with zero for padding.
func moveOracle(n *nn.Node, in []*planes, zero float64) *planes {
	x := in[0]
	switch op := n.Op.(type) {
	case *nn.MaxPool:
		return pool(x, op.Pool2dParams, func(v []float64, _ int) float64 {
			best := v[0]
			for _, u := range v {
				best = max(best, u)
			}
			return best
		})
	case *nn.Concat:
		y := &planes{h: x.h, w: x.w}
		for _, p := range in {
			y.c += p.c
			y.v = append(y.v, p.v...)
		}
		return y
	case *nn.Pad:
		return newPlanes(x.c, x.h+op.Top+op.Bottom, x.w+op.Left+op.Right).fill(func(c, i, j int) float64 {
			return x.at(c, i-op.Top, j-op.Left, zero)
		})
	case *nn.Subsample:
		up := func(n int) int { return (n + op.Stride - 1) / op.Stride }
		return newPlanes(op.Before+x.c+op.After, up(x.h), up(x.w)).fill(func(c, i, j int) float64 {
			if c -= op.Before; c < 0 || c >= x.c {
				return zero
			}
			return x.at(c, i*op.Stride, j*op.Stride, zero)
		})
	case *nn.Select:
		return newPlanes(len(op.Channels), x.h, x.w).fill(func(c, i, j int) float64 { return x.at(op.Channels[c], i, j, 0) })
	case *nn.Flatten:
		return &planes{len(x.v), 1, 1, x.v}
	}
	panic(fmt.Sprintf("no oracle for %v", n.Op.Kind()))
}

// runOracle computes every value of g for one image of each input.
func runOracle(g *nn.Graph, in [][]float64, node func(n *nn.Node, in []*planes) *planes) map[*nn.Value]*planes {
	vals := map[*nn.Value]*planes{}
	for i, v := range g.Inputs {
		s := v.Type.Shape
		p := &planes{s[1], 1, 1, in[i]}
		if len(s) == 4 {
			p.h, p.w = s[2], s[3]
		}
		vals[v] = p
	}
	for _, n := range g.Nodes {
		var xs []*planes
		for _, v := range activations(n) {
			xs = append(xs, vals[v])
		}
		vals[n.Out[0]] = node(n, xs)
	}
	return vals
}
