package nn

import (
	"encoding/json"
	"fmt"
	"strings"
)

// String is a text dump of the graph, one line a layer, stable enough for
// golden files.
func (g *Graph) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph %s\n", g.Name)
	for _, v := range g.Inputs {
		fmt.Fprintf(&b, "  input %s %s\n", v.Name, v.Type)
	}
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "  %s = %v", n.Name, n.Op.Kind())
		if attrs, err := json.Marshal(n.Op); err == nil && string(attrs) != "{}" {
			b.Write(attrs)
		}
		b.WriteByte('(')
		for i, v := range n.In {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.Name)
		}
		b.WriteString(")")
		for _, v := range n.Out {
			fmt.Fprintf(&b, " -> %s %s", v.Name, v.Type)
		}
		b.WriteByte('\n')
	}
	for _, v := range g.Outputs {
		fmt.Fprintf(&b, "  output %s\n", v.Name)
	}
	return b.String()
}

// String is the element type and shape, with the bit-width of quantized values.
func (t Type) String() string {
	if t.Quant != nil {
		return fmt.Sprintf("q%d %v", t.Quant.Bits, t.Shape)
	}
	return fmt.Sprintf("%v %v", t.DType, t.Shape)
}
