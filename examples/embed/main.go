// Command embed classifies a PNG image with a .mixq file. It is what a program
// needs to use mixq for inference: package infer and tensors, nothing else.
//
//	embed network.mixq image.png
//
// The image must have the size that the network takes.
package main

import (
	"fmt"
	"image"
	"image/png"
	"os"

	"mixq/infer"
	"mixq/tensor"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: embed network.mixq image.png")
		os.Exit(2)
	}
	class, err := classify(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
	fmt.Println("class", class)
}

// classify returns the index of the largest output of the network.
func classify(network, picture string) (int, error) {
	program, err := infer.Open(network, infer.Options{})
	if err != nil {
		return 0, err
	}
	x, err := readPNG(picture)
	if err != nil {
		return 0, err
	}
	session := program.NewSession() // one for each goroutine; the program is shared
	defer session.Close()
	out, err := session.Run(x)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", picture, err)
	}
	best := 0
	logits := out[0].Float32()
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	return best, nil
}

// readPNG returns the bytes of an image as planes, 1,3,H,W.
func readPNG(path string) (*tensor.Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return planes(img), nil
}

func planes(img image.Image) *tensor.Tensor {
	b := img.Bounds()
	h, w := b.Dy(), b.Dx()
	x := tensor.New(tensor.Uint8, 1, 3, h, w)
	pixels := x.Uint8()
	for i := range h * w {
		red, green, blue, _ := img.At(b.Min.X+i%w, b.Min.Y+i/w).RGBA()
		for c, v := range [3]uint32{red, green, blue} {
			pixels[c*h*w+i] = uint8(v >> 8)
		}
	}
	return x
}
