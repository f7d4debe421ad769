package dataset

import (
	"fmt"
	"strings"

	"mixq/tensor"
)

// Source is a labelled image set with its splits, as named by a specification.
type Source struct {
	Spec       string       // as given to Open
	Classes    []string     // names, by label
	Shape      tensor.Shape // C,H,W
	Preprocess Preprocess   // what networks for this set are trained with

	load func(Split) (Dataset, error)
}

// Load reads a split. Nothing is kept, so that a caller who needs a split twice
// holds on to it.
func (s Source) Load(split Split) (Dataset, error) { return s.load(split) }

// forms are the specifications that Open knows.
var forms = []struct {
	usage string
	open  func(kind, arg string) (Source, bool)
}{
	{"cifar10:DIR", openCIFAR10},
	{"shapes", openShapes},
}

// Open finds the image set that a specification names:
//
//	cifar10:DIR   CIFAR-10, binary version, in a folder
//	shapes        ten classes of drawn figures; needs no files
//
// It returns an error that lists these forms for any other specification.
// Files are read by Load.
func Open(spec string) (Source, error) {
	kind, arg, _ := strings.Cut(spec, ":")
	var known []string
	for _, f := range forms {
		if s, ok := f.open(kind, arg); ok {
			s.Spec = spec
			return s, nil
		}
		known = append(known, f.usage)
	}
	return Source{}, fmt.Errorf("dataset: %q is no image set: want %s", spec, strings.Join(known, " or "))
}

func openCIFAR10(kind, dir string) (Source, bool) {
	return Source{
		Classes: cifarClasses,
		Shape:   cifar{}.Shape(),
		// The mean and std of ImageNet, which the published CIFAR-10 networks
		// of akamaster/pytorch_resnet_cifar10 were trained with.
		Preprocess: Preprocess{Mean: []float64{0.485, 0.456, 0.406}, Std: []float64{0.229, 0.224, 0.225}},
		load:       func(s Split) (Dataset, error) { return CIFAR10(dir, s) },
	}, kind == "cifar10" && dir != ""
}

func openShapes(kind, arg string) (Source, bool) {
	return Source{
		Classes:    shapeClasses(),
		Shape:      shapes{}.Shape(),
		Preprocess: Preprocess{Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{0.25, 0.25, 0.25}},
		load:       func(s Split) (Dataset, error) { return Shapes(shapesSeed, s), nil },
	}, kind == "shapes" && arg == ""
}
