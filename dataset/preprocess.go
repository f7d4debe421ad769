package dataset

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"mixq/tensor"
)

// Preprocess says how images become the numbers the network was trained on.
// The shorter side is resized to Resize pixels as Pillow does (bilinear,
// antialiased) and the Crop by Crop pixels in the centre are taken; then every
// byte becomes (byte/255 - Mean) / Std of its channel. The JSON form travels
// with the network.
type Preprocess struct {
	Resize   int          `json:"resize,omitzero"`   // 0: images are not resized
	Crop     int          `json:"crop,omitzero"`     // 0: images have the size of the network
	Channels ChannelOrder `json:"channels,omitzero"` // of the planes, and of Mean and Std
	Mean     []float64    `json:"mean"`              // per channel
	Std      []float64    `json:"std"`               // per channel
}

// ChannelOrder is the order of the colours of an image.
type ChannelOrder uint8

// The orders.
const (
	RGB ChannelOrder = iota
	BGR              // of networks trained with Caffe and OpenCV
)

var channelOrders = []string{RGB: "rgb", BGR: "bgr"}

func (o ChannelOrder) String() string {
	if int(o) < len(channelOrders) {
		return channelOrders[o]
	}
	return fmt.Sprintf("ChannelOrder(%d)", uint8(o))
}

// MarshalText writes the name of o.
func (o ChannelOrder) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the name of an order.
func (o *ChannelOrder) UnmarshalText(text []byte) error {
	i := slices.Index(channelOrders, string(text))
	if i < 0 {
		return fmt.Errorf("dataset: unknown channel order %q, want one of %v", text, channelOrders)
	}
	*o = ChannelOrder(i)
	return nil
}

// maxCrop bounds Resize and Crop, since they may come from a file.
const maxCrop = 4096

// ParsePreprocess reads the JSON form, as a .mixq file holds it.
func ParsePreprocess(text []byte) (Preprocess, error) {
	var p Preprocess
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("dataset: preprocess: %w", err)
	}
	return p, p.Validate()
}

// Validate returns an error unless Mean and Std are finite, have the same
// positive length, and no Std is zero or negative, and Crop fits into Resize.
func (p Preprocess) Validate() error {
	if p.Resize < 0 || p.Crop < 0 || p.Resize > maxCrop || p.Crop > maxCrop || p.Resize > 0 && p.Crop > p.Resize {
		return fmt.Errorf("dataset: preprocess: crop of %d from %d pixels, want no more than there are and at most %d", p.Crop, p.Resize, maxCrop)
	}
	if int(p.Channels) >= len(channelOrders) {
		return fmt.Errorf("dataset: preprocess: %v is no order of channels", p.Channels)
	}
	if len(p.Mean) == 0 || len(p.Mean) != len(p.Std) {
		return fmt.Errorf("dataset: preprocess: %d means and %d stds, want one of each per channel", len(p.Mean), len(p.Std))
	}
	for c, m := range p.Mean {
		if s := p.Std[c]; math.IsNaN(m) || math.IsInf(m, 0) || !(s > 0) || math.IsInf(s, 0) {
			return fmt.Errorf("dataset: preprocess: channel %d: mean %g, std %g", c, m, s)
		}
	}
	return nil
}

// shape is that of photographs prepared by p.
func (p Preprocess) shape() tensor.Shape { return tensor.Shape{3, p.Crop, p.Crop} }

// Table returns for every channel the number that each byte stands for,
// computed in float64. It panics unless p is valid.
func (p Preprocess) Table() [][256]float32 {
	if err := p.Validate(); err != nil {
		panic(err)
	}
	table := make([][256]float32, len(p.Mean))
	for c := range table {
		for b := range table[c] {
			table[c][b] = float32((float64(b)/255 - p.Mean[c]) / p.Std[c])
		}
	}
	return table
}
