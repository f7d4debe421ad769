package torchfile

import (
	"encoding/binary"
	"maps"
	"slices"

	"mixq/tensor"
)

// checkpoint is a legacy file to be made by hand, right or wrong.
type checkpoint struct {
	tensors   []entry
	data      map[string][]byte // elements by name; zeros where absent
	bigEndian bool
	tail      string
}

// entry is a tensor with a storage of its own.
type entry struct {
	name, class   string
	elems         int64 // of the storage
	offset        int64
	shape, stride []int64
}

// legacy returns the file.
func (c checkpoint) legacy() []byte {
	b := []byte(legacyMagic + "\x80\x02M\xe9\x03." + "\x80\x02}U\x0dlittle_endian")
	if c.bigEndian {
		b = append(b, "\x89s."...)
	} else {
		b = append(b, "\x88s."...)
	}
	b = append(b, "\x80\x02}("...)
	for i, e := range c.tensors {
		b = e.pickle(b, key(i))
	}
	b = append(b, "u.\x80\x02]("...)
	for i := range c.tensors {
		b = str(b, key(i))
	}
	b = append(b, "e."...)
	for _, e := range c.tensors {
		b = binary.LittleEndian.AppendUint64(b, uint64(e.elems))
		data := c.data[e.name]
		if data == nil {
			class, _ := globals["torch."+e.class].(storageType)
			data = make([]byte, e.elems*class.size)
		}
		b = append(b, data...)
	}
	return append(b, c.tail...)
}

// pickle appends the name and the tensor.
func (e entry) pickle(b []byte, key string) []byte {
	b = str(b, "module."+e.name)
	b = append(b, "ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\n"+e.class+"\n"...)
	b = append(str(b, key), "U\x03cpu"...)
	b = append(num(b, e.elems), "NtQ"...)
	b = num(b, e.offset)
	for _, dims := range [][]int64{e.shape, e.stride} {
		b = append(b, '(')
		for _, n := range dims {
			b = num(b, n)
		}
		b = append(b, 't')
	}
	return append(b, "\x89NtR"...)
}

func key(i int) string { return string(rune('a' + i)) }

func str(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, 'X'), uint32(len(s)))
	return append(b, s...)
}

func num(b []byte, n int64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, 0x8a, 8), uint64(n))
}

// rewrite is the checkpoint that holds the tensors, contiguous.
func rewrite(tensors map[string]*tensor.Tensor) checkpoint {
	classes := map[tensor.DType]string{tensor.Float32: "FloatStorage", tensor.Int8: "CharStorage",
		tensor.Uint8: "ByteStorage", tensor.Int32: "IntStorage", tensor.Int64: "LongStorage"}
	c := checkpoint{data: map[string][]byte{}}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		e := entry{name: name, class: classes[t.DType()], elems: int64(t.Len())}
		stride := int64(t.Len())
		for _, n := range t.Shape() {
			stride /= int64(n)
			e.shape, e.stride = append(e.shape, int64(n)), append(e.stride, stride)
		}
		c.tensors = append(c.tensors, e)
		c.data[name] = raw(t)
	}
	return c
}
