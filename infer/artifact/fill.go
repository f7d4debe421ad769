package artifact

import (
	"encoding/binary"
	"fmt"
	"math"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// fill reads the blobs, which must have exactly the length that the values
// ask for.
func (d *decoder) fill(body []byte) error {
	if err := checkPixels(d.g, d.h.Pixels); err != nil {
		return FormatError(err.Error())
	}
	e, err := measure(d.values, func(i int) bool { return d.param[i] }, pixelExtent(d.g, d.h.Pixels))
	if err != nil {
		return err
	}
	if 4*e.words+e.bytes != int64(len(body)) {
		return FormatError(fmt.Sprintf("%d bytes of data, the header asks for %d", len(body), 4*e.words+e.bytes))
	}
	r := blobReader{words: body[:4*e.words], bytes: body[4*e.words:]}
	for i, v := range d.values {
		v.Type.Quant = r.quant(v.Type)
		if d.param[i] {
			v.Data = r.data(v.Type)
		}
	}
	d.g.Pixels = r.pixels(d.g, d.h.Pixels)
	return nil
}

// blobReader holds what has not been read of the two parts of a file.
type blobReader struct{ words, bytes []byte }

func (r *blobReader) floats(dst []float32) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(r.words[4*i:]))
	}
	r.words = r.words[4*len(dst):]
}

func (r *blobReader) ints(dst []int32) {
	for i := range dst {
		dst[i] = int32(binary.LittleEndian.Uint32(r.words[4*i:]))
	}
	r.words = r.words[4*len(dst):]
}

func (r *blobReader) take(n int) []byte {
	b := r.bytes[:n:n]
	r.bytes = r.bytes[n:]
	return b
}

// quant reads the grid of a value of type t; nil if it has none.
func (r *blobReader) quant(t nn.Type) *nn.Quant {
	if t.Quant == nil {
		return nil
	}
	n := gridLen(t)
	q := &nn.Quant{Bits: t.Quant.Bits, Axis: t.Quant.Axis, Scale: make([]float32, n), Zero: make([]int32, n)}
	r.floats(q.Scale)
	for i, z := range r.take(n) {
		if t.Signed() {
			q.Zero[i] = int32(int8(z))
		} else {
			q.Zero[i] = int32(z)
		}
	}
	return q
}

// data reads the elements of a parameter, whose type blobs has accepted.
func (r *blobReader) data(t nn.Type) *tensor.Tensor {
	if t.DType == tensor.Int8 {
		n, cols := t.Shape.Rows()
		bits := int(t.Quant.Bits)
		codes := r.take(kernel.PackedLen(n, cols, bits))
		return tensor.FromCodes(kernel.PackedCodes{Data: codes, Rows: n, Cols: cols, Bits: bits}, t.Shape...)
	}
	d := tensor.New(t.DType, t.Shape...)
	if t.DType == tensor.Float32 {
		r.floats(d.Float32())
	} else {
		r.ints(d.Int32())
	}
	return d
}

// pixels reads the pixel table.
func (r *blobReader) pixels(g *nn.Graph, channels int) nn.PixelTable {
	if channels == 0 {
		return nil
	}
	p := make(nn.PixelTable, channels)
	coded := g.Inputs[0].Type.Quant != nil
	for i := range p {
		if coded {
			kernel.Dequantize(p[i][:], r.take(256), pixelGrid(g))
		} else {
			r.floats(p[i][:])
		}
	}
	return p
}
