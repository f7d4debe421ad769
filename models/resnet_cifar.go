package models

import (
	"strconv"

	"mixq/nn"
)

// cifarResNet is the CIFAR ResNet of He et al. 2016, section 4.2, with n blocks
// a stage (6n+2 layers) and option-A shortcuts. Parameter names are those of
// akamaster/pytorch_resnet_cifar10.
func cifarResNet(n int) func(*nn.Builder, *nn.Value, int) *nn.Value {
	return func(b *nn.Builder, x *nn.Value, classes int) *nn.Value {
		x = b.Conv2d("conv1", x, 16, 3, nn.ConvOpts{Pad: 1, NoBias: true})
		x = b.BatchNorm("bn1", x, 1e-5)
		x = b.Activate("relu", x, nn.ReLU)
		for stage, cout := range []int{16, 32, 64} {
			s := b.Scope("layer" + strconv.Itoa(stage+1))
			for i := range n {
				stride := 1
				if stage > 0 && i == 0 {
					stride = 2
				}
				x = basicBlockA(s.Scope(strconv.Itoa(i)), x, cout, stride)
			}
		}
		x = b.GlobalAvgPool("avgpool", x)
		x = b.Flatten("flatten", x)
		return b.Linear("linear", x, classes)
	}
}

// basicBlockA is two 3x3 convolutions beside a shortcut without parameters.
func basicBlockA(b *nn.Builder, x *nn.Value, cout, stride int) *nn.Value {
	cin := x.Type.Shape[1]
	y := b.Conv2d("conv1", x, cout, 3, nn.ConvOpts{Stride: stride, Pad: 1, NoBias: true})
	y = b.BatchNorm("bn1", y, 1e-5)
	y = b.Activate("relu1", y, nn.ReLU)
	y = b.Conv2d("conv2", y, cout, 3, nn.ConvOpts{Pad: 1, NoBias: true})
	y = b.BatchNorm("bn2", y, 1e-5)
	if stride != 1 || cin != cout {
		pad := (cout - cin) / 2
		x = b.Apply("shortcut", &nn.Subsample{Stride: stride, Before: pad, After: cout - cin - pad}, x)
	}
	y = b.Add("add", y, x)
	return b.Activate("relu2", y, nn.ReLU)
}
