package models

import (
	"strconv"

	"mixq/nn"
)

// mobileNetV1 is the network of Howard et al. 2017, table 1, as Keras trains
// it: SAME padding, ReLU6 and a batch-norm epsilon of 1e-3. Channels are
// multiplied by width. Layer n is "features.n"; in it, torch.nn.Sequential
// numbers the parts.
func mobileNetV1(width float64) func(*nn.Builder, *nn.Value, int) *nn.Value {
	blocks := []struct{ channels, stride int }{
		{64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2},
		{512, 1}, {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1},
	}
	return func(b *nn.Builder, x *nn.Value, classes int) *nn.Value {
		f := b.Scope("features")
		x = f.Conv2d("0.0", x, int(32*width), 3, nn.ConvOpts{Stride: 2, Same: true, NoBias: true})
		x = f.BatchNorm("0.1", x, 1e-3)
		x = f.Activate("0.2", x, nn.ReLU6)
		for i, blk := range blocks {
			x = separable(f.Scope(strconv.Itoa(i+1)), x, int(float64(blk.channels)*width), blk.stride)
		}
		x = b.GlobalAvgPool("avgpool", x)
		x = b.Flatten("flatten", x)
		return b.Linear("classifier", x, classes)
	}
}

// separable is a depthwise 3x3 convolution followed by a 1x1 convolution.
func separable(b *nn.Builder, x *nn.Value, cout, stride int) *nn.Value {
	cin := x.Type.Shape[1]
	x = b.Conv2d("0", x, cin, 3, nn.ConvOpts{Stride: stride, Same: true, Groups: cin, NoBias: true})
	x = b.BatchNorm("1", x, 1e-3)
	x = b.Activate("2", x, nn.ReLU6)
	x = b.Conv2d("3", x, cout, 1, nn.ConvOpts{NoBias: true})
	x = b.BatchNorm("4", x, 1e-3)
	return b.Activate("5", x, nn.ReLU6)
}
