package onnx

import "google.golang.org/protobuf/encoding/protowire"

// The types in this file are the messages of onnx.proto, as far as they are
// used. Each lists its fields once, for reading and for writing.

type message interface{ fields() []field }

// field is a field of a message: ptr points to a variable of one of the types
// that decode.go and encode.go tell apart.
type field struct {
	num     protowire.Number
	ptr     any
	present bool // write it even if it is zero
}

// list is a repeated field of messages.
type list interface {
	add() message
	size() int
	at(i int) message
}

type messages[T any, P interface {
	*T
	message
}] []T

func (l *messages[T, P]) add() message {
	*l = append(*l, *new(T))
	return P(&(*l)[len(*l)-1])
}
func (l *messages[T, P]) size() int        { return len(*l) }
func (l *messages[T, P]) at(i int) message { return P(&(*l)[i]) }

type model struct {
	irVersion int64
	producer  string
	version   string
	graph     graph
	opsets    messages[opset, *opset]
	metadata  messages[entry, *entry]
}

func (m *model) fields() []field {
	return []field{{num: 1, ptr: &m.irVersion}, {num: 2, ptr: &m.producer}, {num: 3, ptr: &m.version},
		{num: 8, ptr: &m.opsets}, {num: 7, ptr: &m.graph}, {num: 14, ptr: &m.metadata}}
}

// opset says which version of the operators of a domain a model uses.
type opset struct {
	domain  string
	version int64
}

func (o *opset) fields() []field { return []field{{num: 1, ptr: &o.domain}, {num: 2, ptr: &o.version}} }

// entry is a key with a value.
type entry struct{ key, value string }

func (e *entry) fields() []field { return []field{{num: 1, ptr: &e.key}, {num: 2, ptr: &e.value}} }

type graph struct {
	name         string
	nodes        messages[node, *node]
	initializers messages[tensorProto, *tensorProto]
	sparse       []string // sparse initializers, whose content is not read
	inputs       messages[valueInfo, *valueInfo]
	outputs      messages[valueInfo, *valueInfo]
}

func (g *graph) fields() []field {
	return []field{{num: 1, ptr: &g.nodes}, {num: 2, ptr: &g.name}, {num: 5, ptr: &g.initializers},
		{num: 11, ptr: &g.inputs}, {num: 12, ptr: &g.outputs}, {num: 15, ptr: &g.sparse}}
}

type node struct {
	name, op, domain string
	in, out          []string // an empty name stands for an absent optional one
	attrs            messages[attribute, *attribute]
}

func (n *node) fields() []field {
	return []field{{num: 1, ptr: &n.in}, {num: 2, ptr: &n.out}, {num: 3, ptr: &n.name}, {num: 4, ptr: &n.op},
		{num: 5, ptr: &n.attrs}, {num: 7, ptr: &n.domain}}
}

// attrType says which field of an attribute counts.
type attrType = int64

const (
	attrFloat  attrType = 1
	attrInt    attrType = 2
	attrString attrType = 3
	attrTensor attrType = 4
	attrFloats attrType = 6
	attrInts   attrType = 7
)

type attribute struct {
	name   string
	kind   attrType
	f      float32
	i      int64
	s      string
	t      tensorProto
	floats []float32
	ints   []int64
}

func (a *attribute) fields() []field {
	return []field{{num: 1, ptr: &a.name}, {num: 20, ptr: &a.kind},
		{num: 2, ptr: &a.f, present: a.kind == attrFloat}, {num: 3, ptr: &a.i, present: a.kind == attrInt},
		{num: 4, ptr: &a.s, present: a.kind == attrString}, {num: 5, ptr: &a.t, present: a.kind == attrTensor},
		{num: 7, ptr: &a.floats}, {num: 8, ptr: &a.ints}}
}

// tensorProto is a constant: its elements are raw, or in the list for its type,
// or in another file.
type tensorProto struct {
	name     string
	dims     []int64
	kind     elemType
	raw      []byte // part of the file
	f32      []float32
	f64      []float64
	i32      []int64 // also of all narrower types
	i64      []int64
	location int64 // 1: external
	external messages[entry, *entry]
}

func (t *tensorProto) fields() []field {
	return []field{{num: 1, ptr: &t.dims}, {num: 2, ptr: &t.kind}, {num: 4, ptr: &t.f32}, {num: 5, ptr: &t.i32},
		{num: 7, ptr: &t.i64}, {num: 8, ptr: &t.name}, {num: 9, ptr: &t.raw}, {num: 10, ptr: &t.f64},
		{num: 13, ptr: &t.external}, {num: 14, ptr: &t.location}}
}

// valueInfo describes an input or output of the graph.
type valueInfo struct {
	name string
	typ  typeProto
}

func (v *valueInfo) fields() []field { return []field{{num: 1, ptr: &v.name}, {num: 2, ptr: &v.typ}} }

type typeProto struct{ tensor tensorType }

func (t *typeProto) fields() []field { return []field{{num: 1, ptr: &t.tensor}} }

type tensorType struct {
	elem  elemType
	shape shapeProto
}

func (t *tensorType) fields() []field {
	return []field{{num: 1, ptr: &t.elem}, {num: 2, ptr: &t.shape, present: true}}
}

type shapeProto struct{ dims messages[dim, *dim] }

func (s *shapeProto) fields() []field { return []field{{num: 1, ptr: &s.dims}} }

// dim is a size, or the name of one that varies.
type dim struct {
	value int64
	name  string
}

func (d *dim) fields() []field { return []field{{num: 1, ptr: &d.value}, {num: 2, ptr: &d.name}} }
