package torchfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// maxPickle bounds the pickles of a file, not its storages. A network of a
// thousand tensors with its optimizer state takes less than 1 MB.
const maxPickle = 8 << 20

// The values a pickle can build, besides nil, bool, int64, float64 and string.
type (
	tuple []any
	list  struct{ items []any }
	dict  struct{ items []pair } // in order of insertion
	pair  struct{ key, value any }
	inert struct{} // accepted and of no interest
)

// machine runs one pickle. The first error sticks; after it every method is
// harmless.
type machine struct {
	code  []byte
	pos   int
	stack []any
	marks []int // heights of the stack at the open MARKs
	memo  map[uint32]any
	err   error

	storages map[string]*storage // those referred to, by key
}

// pickled is the outcome of a pickle.
type pickled struct {
	value    any
	size     int // bytes of the pickle itself
	storages map[string]*storage
}

// unpickle runs the pickle at the start of code. The error is a FormatError or
// an UnsupportedError without the name of the file.
func unpickle(code []byte) (pickled, error) {
	m := machine{code: code, memo: map[uint32]any{}, storages: map[string]*storage{}}
	for {
		at := m.pos
		op := m.byte()
		if m.err == nil && op == opStop {
			value := m.pop()
			return pickled{value, m.pos, m.storages}, m.err
		}
		if run := opcodes[op]; run != nil {
			run(&m)
		} else {
			m.unsupported("opcode %#02x at byte %d: save model.state_dict() with the default protocol", op, at)
		}
		if m.err != nil {
			return pickled{}, m.err
		}
	}
}

const opStop = '.'

// opcodes are the instructions of pickle protocol 2 that checkpoints need.
// Names are those of Python's pickletools.
var opcodes = [256]func(*machine){
	0x80: (*machine).proto,
	'(':  func(m *machine) { m.marks = append(m.marks, len(m.stack)) }, // MARK
	'N':  func(m *machine) { m.push(nil) },                             // NONE
	0x88: func(m *machine) { m.push(true) },                            // NEWTRUE
	0x89: func(m *machine) { m.push(false) },                           // NEWFALSE
	'K':  func(m *machine) { m.push(int64(m.byte())) },                 // BININT1
	'M':  func(m *machine) { m.push(int64(binary.LittleEndian.Uint16(m.take(2)))) },
	'J':  func(m *machine) { m.push(int64(int32(m.uint32()))) }, // BININT
	0x8a: (*machine).long1,
	'G':  func(m *machine) { m.push(math.Float64frombits(binary.BigEndian.Uint64(m.take(8)))) }, // BINFLOAT
	'X':  func(m *machine) { m.push(string(m.takeN(int64(m.uint32())))) },                       // BINUNICODE
	'T':  func(m *machine) { m.push(string(m.takeN(int64(m.uint32())))) },                       // BINSTRING, Python 2
	'U':  func(m *machine) { m.push(string(m.takeN(int64(m.byte())))) },                         // SHORT_BINSTRING, Python 2
	')':  func(m *machine) { m.push(tuple{}) },                                                  // EMPTY_TUPLE
	't':  func(m *machine) { m.push(tuple(m.popMark())) },                                       // TUPLE
	0x85: func(m *machine) { m.push(tuple(m.popN(1))) },                                         // TUPLE1
	0x86: func(m *machine) { m.push(tuple(m.popN(2))) },                                         // TUPLE2
	0x87: func(m *machine) { m.push(tuple(m.popN(3))) },                                         // TUPLE3
	']':  func(m *machine) { m.push(&list{}) },                                                  // EMPTY_LIST
	'a':  func(m *machine) { m.extend(m.popN(1)) },                                              // APPEND
	'e':  func(m *machine) { m.extend(m.popMark()) },                                            // APPENDS
	'}':  func(m *machine) { m.push(&dict{}) },                                                  // EMPTY_DICT
	's':  func(m *machine) { m.set(m.popN(2)) },                                                 // SETITEM
	'u':  func(m *machine) { m.set(m.popMark()) },                                               // SETITEMS
	'q':  func(m *machine) { m.put(uint32(m.byte())) },                                          // BINPUT
	'r':  func(m *machine) { m.put(m.uint32()) },                                                // LONG_BINPUT
	'h':  func(m *machine) { m.get(uint32(m.byte())) },                                          // BINGET
	'j':  func(m *machine) { m.get(m.uint32()) },                                                // LONG_BINGET
	'c':  func(m *machine) { m.push(m.global(m.line(), m.line())) },                             // GLOBAL
	'R':  (*machine).reduce,                                                                     // REDUCE
	0x81: (*machine).reduce,                                                                     // NEWOBJ
	'b':  func(m *machine) { m.pop() },                                                          // BUILD: attributes are of no interest
	'Q':  func(m *machine) { m.push(m.persistent(m.pop())) },                                    // BINPERSID
}

// fail records err unless another one came first, and stops the machine.
func (m *machine) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

func (m *machine) malformed(format string, args ...any) {
	m.fail(FormatError(fmt.Sprintf("pickle: before byte %d: ", m.pos) + fmt.Sprintf(format, args...)))
}

func (m *machine) unsupported(format string, args ...any) {
	m.fail(UnsupportedError("pickle: " + fmt.Sprintf(format, args...)))
}

// take returns the next n bytes, or zeros after an error; n is a constant.
func (m *machine) take(n int) []byte {
	if b := m.takeN(int64(n)); b != nil {
		return b
	}
	return make([]byte, n)
}

// takeN returns the next n bytes, or nil after an error.
func (m *machine) takeN(n int64) []byte {
	if m.err != nil {
		return nil
	}
	if n > int64(len(m.code)-m.pos) {
		m.fail(errEnds)
		return nil
	}
	m.pos += int(n)
	return m.code[m.pos-int(n) : m.pos]
}

// errEnds is how a pickle that is cut off ends.
var errEnds error = FormatError("the pickle ends early")

func (m *machine) byte() byte     { return m.take(1)[0] }
func (m *machine) uint32() uint32 { return binary.LittleEndian.Uint32(m.take(4)) }

// line returns the text up to the next newline.
func (m *machine) line() string {
	n := bytes.IndexByte(m.code[m.pos:], '\n')
	if n < 0 {
		m.fail(errEnds)
		return ""
	}
	line := string(m.takeN(int64(n)))
	m.byte()
	return line
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// pop removes and returns the topmost value, or nil after an error.
func (m *machine) pop() any {
	if v := m.popN(1); v != nil {
		return v[0]
	}
	return nil
}

// popN removes and returns the n topmost values, or nil after an error. It does
// not reach below the last MARK.
func (m *machine) popN(n int) []any {
	floor := 0
	if len(m.marks) > 0 {
		floor = m.marks[len(m.marks)-1]
	}
	if len(m.stack)-floor < n {
		m.malformed("an instruction finds too few values")
	}
	if m.err != nil {
		return nil
	}
	cut := len(m.stack) - n
	top := slices.Clone(m.stack[cut:])
	m.stack = m.stack[:cut]
	return top
}

// popMark removes the last MARK and returns the values above it.
func (m *machine) popMark() []any {
	if len(m.marks) == 0 {
		m.malformed("an instruction finds no mark")
		return nil
	}
	values := m.popN(len(m.stack) - m.marks[len(m.marks)-1])
	m.marks = m.marks[:len(m.marks)-1]
	return values
}

// top returns the topmost value, which stays.
func (m *machine) top() any {
	v := m.pop()
	m.push(v)
	return v
}

func (m *machine) put(i uint32) { m.memo[i] = m.top() }

func (m *machine) get(i uint32) {
	v, ok := m.memo[i]
	if !ok {
		m.malformed("memo %d was never put", i)
	}
	m.push(v)
}

func (m *machine) proto() {
	if v := m.byte(); v != 2 {
		m.unsupported("protocol %d: save with the default, 2", v)
	}
}

// long1 pushes an integer of up to eight bytes; longer ones, such as the state
// of a random generator, are inert.
func (m *machine) long1() {
	b := m.takeN(int64(m.byte()))
	if len(b) > 8 {
		m.push(inert{})
		return
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	unused := 64 - 8*len(b)
	m.push(int64(v<<unused) >> unused)
}

// extend appends values to the list on top of the stack.
func (m *machine) extend(values []any) {
	switch l := m.top().(type) {
	case *list:
		l.items = append(l.items, values...)
	case inert:
	default:
		m.malformed("values are appended to what is no list")
	}
}

// set adds alternating keys and values to the dictionary on top of the stack.
func (m *machine) set(values []any) {
	switch d := m.top().(type) {
	case *dict:
		if len(values)%2 != 0 {
			m.malformed("a dictionary key has no value")
			return
		}
		for i := 0; i < len(values); i += 2 {
			d.items = append(d.items, pair{values[i], values[i+1]})
		}
	case inert:
	default:
		m.malformed("values are set in what is no dictionary")
	}
}

// reduce replaces a global and its arguments by what the global builds.
func (m *machine) reduce() {
	args, ok := m.pop().(tuple)
	switch g := m.pop().(type) {
	case constructor:
		if ok {
			m.push(g(m, args))
			return
		}
	case inert:
		if ok {
			m.push(g)
			return
		}
	}
	m.malformed("a call of what is no global")
}
