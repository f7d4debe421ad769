package models

import "mixq/nn"

// googLeNet is the network of Szegedy et al. 2015, table 1, with batch-norm and
// without the two auxiliary heads, as torchvision has it.
func googLeNet(b *nn.Builder, x *nn.Value, classes int) *nn.Value {
	pool := nn.PoolOpts{Stride: 2, Ceil: true}
	x = basicConv(b, "conv1", x, 64, 7, nn.ConvOpts{Stride: 2, Pad: 3})
	x = b.MaxPool("maxpool1", x, 3, pool)
	x = basicConv(b, "conv2", x, 64, 1, nn.ConvOpts{})
	x = basicConv(b, "conv3", x, 192, 3, nn.ConvOpts{Pad: 1})
	x = b.MaxPool("maxpool2", x, 3, pool)

	x = inception(b.Scope("inception3a"), x, 64, 96, 128, 16, 32, 32)
	x = inception(b.Scope("inception3b"), x, 128, 128, 192, 32, 96, 64)
	x = b.MaxPool("maxpool3", x, 3, pool)

	x = inception(b.Scope("inception4a"), x, 192, 96, 208, 16, 48, 64)
	x = inception(b.Scope("inception4b"), x, 160, 112, 224, 24, 64, 64)
	x = inception(b.Scope("inception4c"), x, 128, 128, 256, 24, 64, 64)
	x = inception(b.Scope("inception4d"), x, 112, 144, 288, 32, 64, 64)
	x = inception(b.Scope("inception4e"), x, 256, 160, 320, 32, 128, 128)
	x = b.MaxPool("maxpool4", x, 2, pool)

	x = inception(b.Scope("inception5a"), x, 256, 160, 320, 32, 128, 128)
	x = inception(b.Scope("inception5b"), x, 384, 192, 384, 48, 128, 128)
	x = b.GlobalAvgPool("avgpool", x)
	x = b.Flatten("flatten", x)
	return b.Linear("fc", x, classes)
}

// inception joins four branches; the numbers are channels, in the order of the
// paper's table. The third branch has 3x3 kernels where the paper has 5x5:
// published weights were trained so (github.com/pytorch/vision/issues/906).
func inception(b *nn.Builder, x *nn.Value, c1x1, c3x3Reduce, c3x3, c5x5Reduce, c5x5, poolProj int) *nn.Value {
	y1 := basicConv(b, "branch1", x, c1x1, 1, nn.ConvOpts{})

	y2 := basicConv(b, "branch2.0", x, c3x3Reduce, 1, nn.ConvOpts{})
	y2 = basicConv(b, "branch2.1", y2, c3x3, 3, nn.ConvOpts{Pad: 1})

	y3 := basicConv(b, "branch3.0", x, c5x5Reduce, 1, nn.ConvOpts{})
	y3 = basicConv(b, "branch3.1", y3, c5x5, 3, nn.ConvOpts{Pad: 1})

	y4 := b.MaxPool("branch4.0", x, 3, nn.PoolOpts{Pad: 1, Ceil: true})
	y4 = basicConv(b, "branch4.1", y4, poolProj, 1, nn.ConvOpts{})

	return b.Concat("concat", y1, y2, y3, y4)
}
