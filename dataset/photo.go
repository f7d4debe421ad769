package dataset

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // the formats that image.Decode knows
	_ "image/png"
	"math"
	"os"
)

// Limits of an image file. They bound the memory that its decoder takes by what
// a real photograph of that many bytes may need.
const (
	maxFileBytes     = 1 << 28
	maxSide          = 1<<16 - 1
	maxPixels        = 1 << 27
	maxPixelsPerByte = 512
)

// readPhoto decodes an image file and writes it to pixels as p says.
func readPhoto(path string, p Preprocess, pixels []uint8) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileBytes {
		return fmt.Errorf("not a file of at most %d bytes", maxFileBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return decodePhoto(data, p, pixels)
}

// decodePhoto writes the image that a JPEG or PNG file holds to pixels, resized
// and cropped as p says.
func decodePhoto(data []byte, p Preprocess, pixels []uint8) error {
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return err
	}
	w, h := c.Width, c.Height
	if w < 1 || h < 1 || w > maxSide || h > maxSide || int64(w)*int64(h) > min(maxPixels, maxPixelsPerByte*int64(len(data))) {
		return fmt.Errorf("an image of %dx%d pixels in %d bytes is no photograph", w, h, len(data))
	}
	x, y, err := p.window(w, h)
	if err != nil {
		return err
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if b := img.Bounds(); b.Dx() != w || b.Dy() != h {
		return fmt.Errorf("%dx%d pixels where the header says %dx%d", b.Dx(), b.Dy(), w, h)
	}
	pix, stride := fourBytes(img)
	resample(pixels, pix, stride, x, y)
	if p.Channels == BGR {
		plane := len(pixels) / 3
		for i := range plane {
			pixels[i], pixels[2*plane+i] = pixels[2*plane+i], pixels[i]
		}
	}
	return nil
}

// window is what p takes of an image of w by h pixels.
func (p Preprocess) window(w, h int) (x, y taps, err error) {
	rw, rh := w, h
	if p.Resize > 0 { // as torchvision: the longer side is rounded down
		short := min(w, h)
		rw, rh = p.Resize*w/short, p.Resize*h/short
	}
	if rw < p.Crop || rh < p.Crop {
		return x, y, fmt.Errorf("%dx%d pixels are fewer than the %dx%d that the network takes", w, h, p.Crop, p.Crop)
	}
	left, top := centre(rw, p.Crop), centre(rh, p.Crop)
	return newTaps(w, rw, left, left+p.Crop), newTaps(h, rh, top, top+p.Crop), nil
}

// centre is where a crop of an axis begins: half of what is left, halves to
// even as Python rounds.
func centre(size, crop int) int { return int(math.RoundToEven(float64(size-crop) / 2)) }

// fourBytes returns the pixels of img as red, green, blue and a byte that does
// not matter. Transparency is ignored, as Pillow does in convert("RGB").
func fourBytes(img image.Image) (pix []uint8, stride int) {
	b := img.Bounds()
	switch m := img.(type) {
	case *image.NRGBA:
		return m.Pix, m.Stride
	case *image.RGBA: // PNG without transparency
		return m.Pix, m.Stride
	case *image.YCbCr, *image.Gray, *image.CMYK:
		out := image.NewRGBA(b)
		draw.Draw(out, b, img, b.Min, draw.Src)
		return out.Pix, out.Stride
	}
	out := image.NewNRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetNRGBA(x, y, color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA))
		}
	}
	return out.Pix, out.Stride
}
