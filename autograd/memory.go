package autograd

import "mixq/tensor"

// memory hands out tensors and takes their elements back by size.
type memory struct {
	idle map[int][][]float32
	used map[*tensor.Tensor]bool // tensors handed out and not freed
}

func newMemory() memory {
	return memory{idle: map[int][][]float32{}, used: map[*tensor.Tensor]bool{}}
}

// alloc returns a float32 tensor whose elements hold anything.
func (t *Tape) alloc(shape ...int) *tensor.Tensor {
	m, n := &t.memory, tensor.Shape(shape).Elems()
	if !tensor.Shape(shape).Valid() {
		panic("autograd: invalid shape")
	}
	var data []float32
	if list := m.idle[n]; len(list) > 0 {
		data = list[len(list)-1]
		m.idle[n] = list[:len(list)-1]
	} else {
		data = make([]float32, n)
	}
	x := tensor.FromFloat32(data, shape...)
	m.used[x] = true
	return x
}

// free takes x back, unless it was not handed out by alloc.
func (m *memory) free(x *tensor.Tensor) {
	if m.used[x] {
		delete(m.used, x)
		data := x.Float32()
		m.idle[len(data)] = append(m.idle[len(data)], data)
	}
}

// reset takes everything back.
func (m *memory) reset() {
	for x := range m.used {
		m.free(x)
	}
}
