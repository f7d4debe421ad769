package models

import "mixq/nn"

// Kernel shapes of Inception-V3. At stride 1, SAME padding of an odd kernel is
// (k−1)/2 on both sides, which keeps the size.
var (
	valid   = nn.ConvOpts{}
	reduce  = nn.ConvOpts{Stride: 2}
	keep    = nn.ConvOpts{Same: true}
	oneWide = nn.ConvOpts{Same: true, KernelW: 1} // k x 1
	by3     = nn.ConvOpts{Same: true, KernelW: 3} // 1 x 3
	by7     = nn.ConvOpts{Same: true, KernelW: 7} // 1 x 7
)

// inceptionV3 is the network of Szegedy et al. 2016, table 1, without the
// auxiliary head, as torchvision has it.
func inceptionV3(b *nn.Builder, x *nn.Value, classes int) *nn.Value {
	pool := nn.PoolOpts{Stride: 2}
	x = basicConv(b, "Conv2d_1a_3x3", x, 32, 3, reduce)
	x = basicConv(b, "Conv2d_2a_3x3", x, 32, 3, valid)
	x = basicConv(b, "Conv2d_2b_3x3", x, 64, 3, keep)
	x = b.MaxPool("maxpool1", x, 3, pool)
	x = basicConv(b, "Conv2d_3b_1x1", x, 80, 1, valid)
	x = basicConv(b, "Conv2d_4a_3x3", x, 192, 3, valid)
	x = b.MaxPool("maxpool2", x, 3, pool)

	x = inceptionA(b.Scope("Mixed_5b"), x, 32)
	x = inceptionA(b.Scope("Mixed_5c"), x, 64)
	x = inceptionA(b.Scope("Mixed_5d"), x, 64)
	x = inceptionB(b.Scope("Mixed_6a"), x)
	x = inceptionC(b.Scope("Mixed_6b"), x, 128)
	x = inceptionC(b.Scope("Mixed_6c"), x, 160)
	x = inceptionC(b.Scope("Mixed_6d"), x, 160)
	x = inceptionC(b.Scope("Mixed_6e"), x, 192)
	x = inceptionD(b.Scope("Mixed_7a"), x)
	x = inceptionE(b.Scope("Mixed_7b"), x)
	x = inceptionE(b.Scope("Mixed_7c"), x)
	x = b.GlobalAvgPool("avgpool", x)
	x = b.Flatten("flatten", x)
	return b.Linear("fc", x, classes)
}

// inceptionA is the module of figure 5 of the paper (one 5x5 kernel is kept).
func inceptionA(b *nn.Builder, x *nn.Value, poolChannels int) *nn.Value {
	y1 := basicConv(b, "branch1x1", x, 64, 1, valid)

	y5 := basicConv(b, "branch5x5_1", x, 48, 1, valid)
	y5 = basicConv(b, "branch5x5_2", y5, 64, 5, keep)

	y3 := basicConv(b, "branch3x3dbl_1", x, 64, 1, valid)
	y3 = basicConv(b, "branch3x3dbl_2", y3, 96, 3, keep)
	y3 = basicConv(b, "branch3x3dbl_3", y3, 96, 3, keep)

	return b.Concat("concat", y1, y5, y3, poolBranch(b, x, poolChannels))
}

// inceptionB halves the 35x35 grid (figure 10 of the paper).
func inceptionB(b *nn.Builder, x *nn.Value) *nn.Value {
	y3 := basicConv(b, "branch3x3", x, 384, 3, reduce)

	yd := basicConv(b, "branch3x3dbl_1", x, 64, 1, valid)
	yd = basicConv(b, "branch3x3dbl_2", yd, 96, 3, keep)
	yd = basicConv(b, "branch3x3dbl_3", yd, 96, 3, reduce)

	return b.Concat("concat", y3, yd, b.MaxPool("branch_pool", x, 3, nn.PoolOpts{Stride: 2}))
}

// inceptionC factors 7x7 kernels into 1x7 and 7x1 (figure 6 of the paper).
func inceptionC(b *nn.Builder, x *nn.Value, c7 int) *nn.Value {
	y1 := basicConv(b, "branch1x1", x, 192, 1, valid)

	y7 := basicConv(b, "branch7x7_1", x, c7, 1, valid)
	y7 = basicConv(b, "branch7x7_2", y7, c7, 1, by7)
	y7 = basicConv(b, "branch7x7_3", y7, 192, 7, oneWide)

	yd := basicConv(b, "branch7x7dbl_1", x, c7, 1, valid)
	yd = basicConv(b, "branch7x7dbl_2", yd, c7, 7, oneWide)
	yd = basicConv(b, "branch7x7dbl_3", yd, c7, 1, by7)
	yd = basicConv(b, "branch7x7dbl_4", yd, c7, 7, oneWide)
	yd = basicConv(b, "branch7x7dbl_5", yd, 192, 1, by7)

	return b.Concat("concat", y1, y7, yd, poolBranch(b, x, 192))
}

// inceptionD halves the 17x17 grid.
func inceptionD(b *nn.Builder, x *nn.Value) *nn.Value {
	y3 := basicConv(b, "branch3x3_1", x, 192, 1, valid)
	y3 = basicConv(b, "branch3x3_2", y3, 320, 3, reduce)

	y7 := basicConv(b, "branch7x7x3_1", x, 192, 1, valid)
	y7 = basicConv(b, "branch7x7x3_2", y7, 192, 1, by7)
	y7 = basicConv(b, "branch7x7x3_3", y7, 192, 7, oneWide)
	y7 = basicConv(b, "branch7x7x3_4", y7, 192, 3, reduce)

	return b.Concat("concat", y3, y7, b.MaxPool("branch_pool", x, 3, nn.PoolOpts{Stride: 2}))
}

// inceptionE has wide banks of 1x3 and 3x1 kernels (figure 7 of the paper).
func inceptionE(b *nn.Builder, x *nn.Value) *nn.Value {
	y1 := basicConv(b, "branch1x1", x, 320, 1, valid)

	y3 := basicConv(b, "branch3x3_1", x, 384, 1, valid)
	y3a := basicConv(b, "branch3x3_2a", y3, 384, 1, by3)
	y3b := basicConv(b, "branch3x3_2b", y3, 384, 3, oneWide)

	yd := basicConv(b, "branch3x3dbl_1", x, 448, 1, valid)
	yd = basicConv(b, "branch3x3dbl_2", yd, 384, 3, keep)
	yda := basicConv(b, "branch3x3dbl_3a", yd, 384, 1, by3)
	ydb := basicConv(b, "branch3x3dbl_3b", yd, 384, 3, oneWide)

	return b.Concat("concat", y1, y3a, y3b, yda, ydb, poolBranch(b, x, 192))
}

// poolBranch is a 3x3 mean and a 1x1 convolution.
func poolBranch(b *nn.Builder, x *nn.Value, cout int) *nn.Value {
	y := b.AvgPool("avg_pool", x, 3, nn.PoolOpts{Pad: 1, CountIncludePad: true})
	return basicConv(b, "branch_pool", y, cout, 1, valid)
}
