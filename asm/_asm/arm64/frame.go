package arm64

import (
	"fmt"
	"strings"
)

// Frame is where the parameters and results of a function are.
type Frame struct {
	operands map[string]string
	size     int
}

// newFrame lays a signature like "(a, b *byte, n int) (sum int32)" out as Go
// does: in order, aligned to their size, the results from a multiple of eight.
func newFrame(signature string) Frame {
	f := Frame{operands: map[string]string{}}
	for list := range strings.SplitSeq(strings.Trim(signature, "()"), ") (") {
		f.align(8)
		fields := strings.Split(list, ", ")
		for i, field := range fields {
			name, kind, typed := strings.Cut(field, " ")
			for next := i + 1; !typed; next++ { // a of "a, b *byte"
				_, kind, typed = strings.Cut(fields[next], " ")
			}
			f.add(name, sizeOf(kind))
		}
	}
	return f
}

// sizeOf is the size of the types that signatures use.
func sizeOf(kind string) int {
	switch kind {
	case "int32", "float32":
		return 4
	case "bool":
		return 1
	}
	return 8 // int and pointers
}

func (f *Frame) add(name string, size int) {
	f.align(size)
	f.operands[name] = fmt.Sprintf("%s+%d(FP)", name, f.size)
	f.size += size
}

func (f *Frame) align(n int) { f.size = (f.size + n - 1) / n * n }

// Of is the operand that stands for a parameter or result. It panics if there is
// none of that name.
func (f Frame) Of(name string) string {
	operand, ok := f.operands[name]
	if !ok {
		panic("arm64: no parameter " + name)
	}
	return operand
}

// Load adds instructions that load parameters of eight bytes into the registers
// R0, R1, ... in the order in which they are named.
func (f *File) Load(frame Frame, names ...string) {
	for i, name := range names {
		f.Go("MOVD %s, R%d", frame.Of(name), i)
	}
}

// Broadcast adds instructions that load float32 parameters into all lanes of the
// vector registers from first on.
func (f *File) Broadcast(frame Frame, first int, names ...string) {
	for i, name := range names {
		f.Go("FMOVS %s, F%d", frame.Of(name), first+i)
		f.Go("VDUP V%d.S[0], V%d.S4", first+i, first+i)
	}
}
