package models

import "mixq/nn"

// basicConv is torchvision's BasicConv2d, the layer of GoogLeNet and
// Inception: a convolution without bias, batch-norm with epsilon 1e-3, ReLU.
func basicConv(b *nn.Builder, name string, x *nn.Value, cout, k int, o nn.ConvOpts) *nn.Value {
	s := b.Scope(name)
	o.NoBias = true
	x = s.Conv2d("conv", x, cout, k, o)
	x = s.BatchNorm("bn", x, 1e-3)
	return s.Activate("relu", x, nn.ReLU)
}
