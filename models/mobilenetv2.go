package models

import (
	"strconv"

	"mixq/nn"
)

// padding is how the 3x3 convolutions of MobileNetV2 are padded: by one pixel
// on every side as PyTorch does, or as TensorFlow's SAME, which at stride 2
// pads only the end.
type padding bool

const (
	symmetric padding = false
	same      padding = true
)

func (p padding) conv(stride, groups int) nn.ConvOpts {
	if p == same {
		return nn.ConvOpts{Stride: stride, Groups: groups, NoBias: true, Same: true}
	}
	return nn.ConvOpts{Stride: stride, Groups: groups, NoBias: true, Pad: 1}
}

// mobileNetV2 is the network of Sandler et al. 2018, table 2, with channels
// multiplied by width and rounded to multiples of 8. Names are torchvision's.
func mobileNetV2(width float64, pad padding) func(*nn.Builder, *nn.Value, int) *nn.Value {
	stages := []struct{ expand, channels, depth, stride int }{
		{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	}
	return func(b *nn.Builder, x *nn.Value, classes int) *nn.Value {
		f := b.Scope("features")
		x = convReLU6(f.Scope("0"), x, eights(32*width), 3, pad.conv(2, 1))
		layer := 1
		for _, s := range stages {
			for i := range s.depth {
				stride := 1
				if i == 0 {
					stride = s.stride
				}
				blk := f.Scope(strconv.Itoa(layer)).Scope("conv")
				x = invertedResidual(blk, x, s.expand, eights(float64(s.channels)*width), stride, pad)
				layer++
			}
		}
		x = convReLU6(f.Scope(strconv.Itoa(layer)), x, eights(1280*max(1, width)), 1, nn.ConvOpts{NoBias: true})
		x = b.GlobalAvgPool("avgpool", x)
		x = b.Flatten("flatten", x)
		return b.Linear("classifier.1", x, classes)
	}
}

// invertedResidual expands the channels, filters each by itself, projects to
// cout channels without activation and adds x where the shape is kept.
func invertedResidual(b *nn.Builder, x *nn.Value, expand, cout, stride int, pad padding) *nn.Value {
	cin := x.Type.Shape[1]
	hidden := cin * expand
	y, part := x, 0
	if expand != 1 {
		y = convReLU6(b.Scope("0"), y, hidden, 1, nn.ConvOpts{NoBias: true})
		part = 1
	}
	y = convReLU6(b.Scope(strconv.Itoa(part)), y, hidden, 3, pad.conv(stride, hidden))
	y = b.Conv2d(strconv.Itoa(part+1), y, cout, 1, nn.ConvOpts{NoBias: true})
	y = b.BatchNorm(strconv.Itoa(part+2), y, 1e-5)
	if stride != 1 || cin != cout {
		return y
	}
	return b.Add("add", y, x)
}

// convReLU6 is torchvision's Conv2dNormActivation.
func convReLU6(b *nn.Builder, x *nn.Value, cout, k int, o nn.ConvOpts) *nn.Value {
	x = b.Conv2d("0", x, cout, k, o)
	x = b.BatchNorm("1", x, 1e-5)
	return b.Activate("2", x, nn.ReLU6)
}

// eights rounds a number of channels to a multiple of 8, at least 8 and not
// more than a tenth below c (torchvision's and TensorFlow's _make_divisible).
func eights(c float64) int {
	n := max(8, int(c+4)/8*8)
	if float64(n) < 0.9*c {
		n += 8
	}
	return n
}
