package nn

import (
	"fmt"
	"sort"
	"strings"

	"mixq/tensor"
)

// Bind gives every parameter of g the tensor of its name. It is strict: all
// missing, unexpected and misshapen names are reported in one error, and
// nothing is bound then. Counters of batch-norm ("num_batches_tracked") are
// not parameters and are ignored.
func Bind(g *Graph, w map[string]*tensor.Tensor) error {
	var problems []string
	bad := func(format string, a ...any) { problems = append(problems, fmt.Sprintf(format, a...)) }
	used := map[string]bool{}
	params := g.Params()
	for _, v := range params {
		t := w[v.Name]
		used[v.Name] = true
		switch {
		case t == nil:
			bad("%s is missing", v.Name)
		case t.DType() != tensor.Float32:
			bad("%s is %v, want float32", v.Name, t.DType())
		case !t.Shape().Equal(v.Type.Shape):
			bad("%s is %v, want %v", v.Name, t.Shape(), v.Type.Shape)
		default:
			if err := (&Value{Name: v.Name, Type: v.Type, Data: t}).checkData(); err != nil {
				bad("%s", strings.TrimPrefix(err.Error(), "nn: "))
			}
		}
	}
	for name := range w {
		if !used[name] && !strings.HasSuffix(name, "num_batches_tracked") {
			bad("%s is not a parameter of the network", name)
		}
	}
	if len(problems) > 0 {
		sort.Strings(problems)
		return fmt.Errorf("nn: the weights do not fit %s (is this the right model?): %s", g.Name, summary(problems))
	}
	for _, v := range params {
		v.Data = w[v.Name]
	}
	return nil
}

// summary joins all problems; they are one line of an error.
func summary(p []string) string {
	if len(p) == 1 {
		return p[0]
	}
	return fmt.Sprintf("%d problems: %s", len(p), strings.Join(p, "; "))
}
