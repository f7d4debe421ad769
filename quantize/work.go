package quantize

import (
	"encoding/json"
	"fmt"
	"strings"

	"mixq/nn"
)

// Work is a part of a run whose time is measured as one: loading an input, a
// layer, or storing an output.
type Work struct {
	Layer string // name of the node, or of the input or output
	Kind  string // of the node, or "load" or "store"
	Shape string // what its time depends on besides Bits: types, shapes and attributes
	Bits  uint8  // of its weights; 0 if it has none
	MACs  int64
}

// Works lists the parts of a run of q, which is quantized, in the order in
// which infer.Options.Trace tells of them.
func Works(q *nn.Graph) []Work {
	var ws []Work
	pixels := ""
	if q.Pixels != nil {
		pixels = " pixels"
	}
	for _, v := range q.Inputs {
		ws = append(ws, Work{Layer: v.Name, Kind: "load", Shape: typeKey(v) + pixels})
	}
	for _, n := range q.Nodes {
		ws = append(ws, layerWork(n))
	}
	for _, v := range q.Outputs {
		ws = append(ws, Work{Layer: v.Name, Kind: "store", Shape: typeKey(v)})
	}
	return ws
}

func layerWork(n *nn.Node) Work {
	w := Work{Layer: n.Name, Kind: n.Op.Kind().String(), MACs: n.MACs()}
	if o, ok := n.Operands(); ok && o.Weight.Type.Quant != nil {
		w.Bits = o.Weight.Type.Quant.Bits
	}
	var b strings.Builder
	for _, v := range n.In {
		b.WriteString(typeKey(v))
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "to %s", typeKey(n.Out[0]))
	if attrs, err := json.Marshal(n.Op); err == nil && string(attrs) != "{}" {
		fmt.Fprintf(&b, " %s", attrs)
	}
	w.Shape = b.String()
	return w
}

// typeKey is the element type and shape of a value.
func typeKey(v *nn.Value) string { return fmt.Sprintf("%v %v", v.Type.DType, v.Type.Shape) }
