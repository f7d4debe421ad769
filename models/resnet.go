package models

import (
	"strconv"

	"mixq/nn"
)

// residual appends a residual block with the given number of base channels.
type residual func(b *nn.Builder, x *nn.Value, planes, stride int) *nn.Value

// resnet is the ImageNet ResNet of He et al. 2016, table 1, with depths blocks
// in its four stages. Structure and names are torchvision's.
func resnet(block residual, depths ...int) func(*nn.Builder, *nn.Value, int) *nn.Value {
	return func(b *nn.Builder, x *nn.Value, classes int) *nn.Value {
		x = b.Conv2d("conv1", x, 64, 7, nn.ConvOpts{Stride: 2, Pad: 3, NoBias: true})
		x = b.BatchNorm("bn1", x, 1e-5)
		x = b.Activate("relu", x, nn.ReLU)
		x = b.MaxPool("maxpool", x, 3, nn.PoolOpts{Stride: 2, Pad: 1})
		for stage, depth := range depths {
			s := b.Scope("layer" + strconv.Itoa(stage+1))
			for i := range depth {
				stride := 1
				if stage > 0 && i == 0 {
					stride = 2
				}
				x = block(s.Scope(strconv.Itoa(i)), x, 64<<stage, stride)
			}
		}
		x = b.GlobalAvgPool("avgpool", x)
		x = b.Flatten("flatten", x)
		return b.Linear("fc", x, classes)
	}
}

// basicBlock is two 3x3 convolutions with planes channels beside a shortcut.
func basicBlock(b *nn.Builder, x *nn.Value, planes, stride int) *nn.Value {
	y := b.Conv2d("conv1", x, planes, 3, nn.ConvOpts{Stride: stride, Pad: 1, NoBias: true})
	y = b.BatchNorm("bn1", y, 1e-5)
	y = b.Activate("relu1", y, nn.ReLU)
	y = b.Conv2d("conv2", y, planes, 3, nn.ConvOpts{Pad: 1, NoBias: true})
	y = b.BatchNorm("bn2", y, 1e-5)
	y = b.Add("add", y, shortcut(b, x, planes, stride))
	return b.Activate("relu2", y, nn.ReLU)
}

// bottleneck is 1x1, 3x3 and 1x1 convolutions, the last with 4 planes channels,
// beside a shortcut. The 3x3 convolution has the stride (torchvision's "v1.5";
// in the paper the first one has it).
func bottleneck(b *nn.Builder, x *nn.Value, planes, stride int) *nn.Value {
	y := b.Conv2d("conv1", x, planes, 1, nn.ConvOpts{NoBias: true})
	y = b.BatchNorm("bn1", y, 1e-5)
	y = b.Activate("relu1", y, nn.ReLU)
	y = b.Conv2d("conv2", y, planes, 3, nn.ConvOpts{Stride: stride, Pad: 1, NoBias: true})
	y = b.BatchNorm("bn2", y, 1e-5)
	y = b.Activate("relu2", y, nn.ReLU)
	y = b.Conv2d("conv3", y, 4*planes, 1, nn.ConvOpts{NoBias: true})
	y = b.BatchNorm("bn3", y, 1e-5)
	y = b.Add("add", y, shortcut(b, x, 4*planes, stride))
	return b.Activate("relu3", y, nn.ReLU)
}

// shortcut is x itself, or a 1x1 convolution where the shape changes (option B
// of the paper).
func shortcut(b *nn.Builder, x *nn.Value, cout, stride int) *nn.Value {
	if stride == 1 && x.Type.Shape[1] == cout {
		return x
	}
	x = b.Conv2d("downsample.0", x, cout, 1, nn.ConvOpts{Stride: stride, NoBias: true})
	return b.BatchNorm("downsample.1", x, 1e-5)
}
