package models

import (
	"strconv"

	"mixq/nn"
)

// squeezeNet is version 1.1 of the network of Iandola et al. 2016, as
// torchvision has it. Layers of "features" have consecutive numbers.
func squeezeNet(b *nn.Builder, x *nn.Value, classes int) *nn.Value {
	f := b.Scope("features")
	x = f.Conv2d("0", x, 64, 3, nn.ConvOpts{Stride: 2})
	x = f.Activate("1", x, nn.ReLU)
	layer := 2
	for _, stage := range [][]struct{ squeeze, expand int }{
		{{16, 64}, {16, 64}},
		{{32, 128}, {32, 128}},
		{{48, 192}, {48, 192}, {64, 256}, {64, 256}},
	} {
		x = f.MaxPool(strconv.Itoa(layer), x, 3, nn.PoolOpts{Stride: 2, Ceil: true})
		layer++
		for _, c := range stage {
			x = fire(f.Scope(strconv.Itoa(layer)), x, c.squeeze, c.expand)
			layer++
		}
	}
	c := b.Scope("classifier")
	x = c.Conv2d("1", x, classes, 1, nn.ConvOpts{})
	x = c.Activate("2", x, nn.ReLU)
	x = c.GlobalAvgPool("3", x)
	return b.Flatten("flatten", x)
}

// fire squeezes the channels and expands them with 1x1 and 3x3 kernels.
func fire(b *nn.Builder, x *nn.Value, squeeze, expand int) *nn.Value {
	x = b.Conv2d("squeeze", x, squeeze, 1, nn.ConvOpts{})
	x = b.Activate("squeeze_activation", x, nn.ReLU)
	y1 := b.Conv2d("expand1x1", x, expand, 1, nn.ConvOpts{})
	y1 = b.Activate("expand1x1_activation", y1, nn.ReLU)
	y3 := b.Conv2d("expand3x3", x, expand, 3, nn.ConvOpts{Pad: 1})
	y3 = b.Activate("expand3x3_activation", y3, nn.ReLU)
	return b.Concat("concat", y1, y3)
}
