package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"mixq/infer/artifact"
	"mixq/tensor"
)

func newInspect() *cobra.Command {
	var o output
	c := &cobra.Command{
		Use:   "inspect FILE",
		Short: "List what a file of weights or a .mixq file holds",
		Long: `List the layers of a .mixq file, or the tensors of a safetensors file or PyTorch
checkpoint, with their shapes, bit-widths and sizes.`,
		Example: `  mixq inspect resnet20.mixq
  mixq inspect resnet20.th --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := inspect(args[0])
			if err != nil {
				return err
			}
			return o.print(c.OutOrStdout(), r, r.print)
		},
	}
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
	Weights int64          `json:"weights"` // elements of all layers
	Layers  []content      `json:"layers"`
}

// content is a layer of a quantized network, or a tensor.
type content struct {
	Name  string       `json:"name"`
	Kind  string       `json:"kind"`
	Shape tensor.Shape `json:"shape"`
	Bits  int          `json:"bits"`
	Bytes int64        `json:"bytes"` // with scales and zero points
}

func inspect(path string) (*contents, error) {
	form, err := sniff(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	r := &contents{File: path, Format: form, Bytes: info.Size()}
	if form == formatMixq {
		err = r.addLayers(path)
	} else {
		err = r.addTensors(path)
	}
	return r, err
}

func (r *contents) addLayers(path string) error {
	g, meta, err := artifact.Read(path)
	if err != nil {
		return err
	}
	r.Model, r.Meta = g.Name, &meta
	for _, n := range g.Nodes {
		o, ok := n.Operands()
		if !ok {
			continue
		}
		t := o.Weight.Type
		bits, size := 8*t.DType.Size(), int64(t.Shape.Elems()*t.DType.Size())
		if t.Quant != nil {
			bits, size = int(t.Quant.Bits), artifact.WeightBytes(t.Shape, int(t.Quant.Bits))
		}
		r.add(content{n.Name, n.Op.Kind().String(), t.Shape, bits, size})
	}
	return nil
}

func (r *contents) addTensors(path string) error {
	tensors, err := readWeights(path)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		size := t.DType().Size()
		r.add(content{name, t.DType().String(), t.Shape(), 8 * size, int64(t.Len() * size)})
	}
	return nil
}

func (r *contents) add(c content) {
	r.Layers = append(r.Layers, c)
	r.Weights += int64(c.Shape.Elems())
}

func (r *contents) print(w io.Writer) {
	var t table
	t.row("name", "kind", "shape", "bits", "kB")
	for _, l := range r.Layers {
		t.row(l.Name, l.Kind, l.Shape.String(), fmt.Sprint(l.Bits), kilo(l.Bytes))
	}
	t.print(w)
	fmt.Fprintf(w, "\n%s, %s kB, %d weights\n", r.Format, kilo(r.Bytes), r.Weights)
	if r.Meta != nil {
		fmt.Fprintf(w, "%s, made by mixq %s at level %s with %s, seed %d, configuration %s\n",
			r.Model, r.Meta.Tool, r.Meta.Level, r.Meta.Go, r.Meta.Seed, r.Meta.Config)
	}
}
