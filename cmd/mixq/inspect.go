package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mixq/infer/artifact"
	"mixq/models/onnx"
	"mixq/nn"
	"mixq/quantize"
	"mixq/tensor"
)

func newInspect() *cobra.Command {
	var o output
	var l latency
	c := &cobra.Command{
		Use:   "inspect FILE",
		Short: "List what a file of weights or a .mixq file holds",
		Long: `List the layers with weights of a .mixq file or ONNX model, or the tensors of a
safetensors file or PyTorch checkpoint, with their shapes, bit-widths and sizes,
of a .mixq file also the bit-width of what each layer reads and bit operations,
and with --latency-table the predicted time of each layer of a .mixq file.`,
		Example: `  mixq inspect resnet20.mixq
  mixq inspect resnet20.mixq --latency-table latency.json
  mixq inspect resnet20.th --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := inspect(args[0], &l)
			if err != nil {
				return err
			}
			return o.print(c.OutOrStdout(), r, r.print)
		},
	}
	l.addTable(c.Flags())
	o.addFlag(c.Flags())
	return c
}

// contents is what a file holds.
type contents struct {
	File    string         `json:"file"`
	Format  format         `json:"format"`
	Bytes   int64          `json:"bytes"`
	Model   string         `json:"model,omitempty"`
	Meta    *artifact.Meta `json:"meta,omitempty"`
	Weights int64          `json:"weights"`              // elements of all layers
	BOPs    int64          `json:"bops,omitempty"`       // of a quantized network, for an image
	Latency float64        `json:"latency_ms,omitempty"` // predicted; also of what has no weights
	Layers  []content      `json:"layers"`
}

// content is a layer of a quantized network, or a tensor.
type content struct {
	Name  string       `json:"name"`
	Kind  string       `json:"kind"`
	Shape tensor.Shape `json:"shape"`
	Bits  int          `json:"bits"`
	Input int          `json:"input_bits,omitempty"` // of what a quantized layer reads
	Bytes int64        `json:"bytes"`                // with scales and zero points

	Latency float64 `json:"latency_ms,omitempty"`
}

// inspect reads the file at path; l may name a latency table.
func inspect(path string, l *latency) (*contents, error) {
	form, err := sniff(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	r := &contents{File: path, Format: form, Bytes: info.Size()}
	switch form {
	case formatMixq:
		g, meta, err := artifact.Read(path)
		if err != nil {
			return nil, err
		}
		r.Meta = &meta
		times, err := r.predict(g, l)
		if err != nil {
			return nil, err
		}
		r.addLayers(g, times)
	case formatONNX:
		g, err := onnx.Read(path)
		if err != nil {
			return nil, err
		}
		r.addLayers(g, nil)
	default:
		if err := r.addTensors(path); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// addLayers adds the layers of g with weights; times are theirs in milliseconds,
// as far as they are known.
func (r *contents) addLayers(g *nn.Graph, times map[string]float64) {
	r.Model = g.Name
	for _, n := range g.Nodes {
		o, ok := n.Operands()
		if !ok {
			continue
		}
		t := o.Weight.Type
		c := content{Name: n.Name, Kind: n.Op.Kind().String(), Shape: t.Shape, Latency: times[n.Name]}
		c.Bits, c.Bytes = 8*t.DType.Size(), int64(t.Shape.Elems()*t.DType.Size())
		if t.Quant != nil {
			c.Bits, c.Bytes = int(t.Quant.Bits), artifact.WeightBytes(t.Shape, int(t.Quant.Bits))
		}
		if q := o.X.Type.Quant; q != nil {
			c.Input = int(q.Bits)
		}
		r.add(c)
	}
	r.BOPs = quantize.CountBOPs(g)
}

// predict sets the latency of g and returns that of its layers in milliseconds;
// nothing without a latency table.
func (r *contents) predict(g *nn.Graph, l *latency) (map[string]float64, error) {
	if l.path == "" {
		return nil, nil
	}
	t, err := l.read(l.path)
	if err != nil {
		return nil, err
	}
	works := quantize.Works(g)
	each, sum, err := t.Predict(works)
	if err != nil {
		return nil, fmt.Errorf("--latency-table %s: %w", l.path, err)
	}
	r.Latency = milli(sum)
	times := map[string]float64{}
	for i, d := range each {
		if works[i].Bits != 0 {
			times[works[i].Layer] = milli(d)
		}
	}
	return times, nil
}

func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (r *contents) addTensors(path string) error {
	tensors, err := readWeights(path)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		size := t.DType().Size()
		r.add(content{Name: name, Kind: t.DType().String(), Shape: t.Shape(), Bits: 8 * size, Bytes: int64(t.Len() * size)})
	}
	return nil
}

func (r *contents) add(c content) {
	r.Layers = append(r.Layers, c)
	r.Weights += int64(c.Shape.Elems())
}

func (r *contents) print(w io.Writer) {
	var t table
	head := []string{"name", "kind", "shape", "bits", "kB"}
	if r.BOPs > 0 {
		head = append(head, "input")
	}
	if r.Latency > 0 {
		head = append(head, "ms")
	}
	t.row(head...)
	for _, l := range r.Layers {
		row := []string{l.Name, l.Kind, l.Shape.String(), fmt.Sprint(l.Bits), kilo(l.Bytes)}
		if r.BOPs > 0 {
			row = append(row, fmt.Sprint(l.Input))
		}
		if r.Latency > 0 {
			row = append(row, fmt.Sprintf("%.3f", l.Latency))
		}
		t.row(row...)
	}
	t.print(w)
	fmt.Fprintf(w, "\n%s, %s kB, %d weights\n", r.Format, kilo(r.Bytes), r.Weights)
	if r.Meta != nil {
		fmt.Fprintf(w, "%s, made by mixq %s at level %s with %s, seed %d, configuration %s\n",
			r.Model, r.Meta.Tool, r.Meta.Level, r.Meta.Go, r.Meta.Seed, r.Meta.Config)
	}
	if r.BOPs > 0 {
		fmt.Fprintf(w, "%s bit operations for an image\n", amount(r.BOPs))
	}
	if r.Latency > 0 {
		fmt.Fprintf(w, "predicted latency %.3f ms\n", r.Latency)
	}
}
