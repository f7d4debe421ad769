package dataset

import (
	"fmt"
	"strings"

	"mixq/tensor"
)

// Source is a labelled image set as named by a specification.
type Source struct {
	Spec       string       // as given to Open
	Classes    []string     // names, by label; nil if the set does not tell
	Shape      tensor.Shape // C,H,W; nil for photographs before Prepare
	Preprocess Preprocess   // what networks for this set are trained with
	// Photos says that the images are photographs of any size: networks differ
	// in how they want them prepared, and there is one list of them, which the
	// caller divides into images to calibrate and to evaluate on.
	Photos bool

	load func(Source, Split) (Dataset, error)
}

// Load reads a split; of photographs, both splits are the whole list. Nothing
// is kept, so that a caller who needs a split twice holds on to it.
func (s Source) Load(split Split) (Dataset, error) { return s.load(s, split) }

// Prepare returns s for a network that wants its images as p says. It fails if
// p is not valid, or if s has images of one size and p changes more than their
// mean and standard deviation.
func (s Source) Prepare(p Preprocess) (Source, error) {
	if err := p.Validate(); err != nil {
		return s, err
	}
	switch {
	case !s.Photos && (p.Resize != 0 || p.Crop != 0 || p.Channels != RGB):
		return s, fmt.Errorf("dataset: %s has images of %v, which cannot be resized, cropped or reordered", s.Spec, s.Shape)
	case s.Photos && (p.Crop == 0 || len(p.Mean) != 3):
		return s, fmt.Errorf("dataset: %s has photographs; the network must say what size of three colours it takes", s.Spec)
	case s.Photos:
		s.Shape = p.shape()
	}
	s.Preprocess = p
	return s, nil
}

// forms are the specifications that Open knows.
var forms = []struct {
	usage string
	open  func(kind, arg string) (Source, bool)
}{
	{"cifar10:DIR", openCIFAR10},
	{"shapes", openShapes},
	{"folder:DIR", openPhotos("folder", readFolder)},
	{"csv:FILE", openPhotos("csv", readCSV)},
}

// Usage lists the forms of a specification.
func Usage() string {
	var known []string
	for _, f := range forms {
		known = append(known, f.usage)
	}
	return strings.Join(known, " or ")
}

// Open finds the image set that a specification names:
//
//	cifar10:DIR   CIFAR-10, binary version, in a folder
//	shapes        ten classes of drawn figures; needs no files
//	folder:DIR    photographs in a folder for each class, which are numbered in
//	              the order of their names, or in one folder with a file val.txt
//	              of lines with a file name and a class from 0
//	csv:FILE      photographs in a table whose first line names its columns,
//	              among them file and class, beside them or in a folder images
//
// It returns an error that lists these forms for any other specification.
// Files are read by Load.
func Open(spec string) (Source, error) {
	kind, arg, _ := strings.Cut(spec, ":")
	for _, f := range forms {
		if s, ok := f.open(kind, arg); ok {
			s.Spec = spec
			return s, nil
		}
	}
	return Source{}, fmt.Errorf("dataset: %q is no image set: want %s", spec, Usage())
}

func openCIFAR10(kind, dir string) (Source, bool) {
	return Source{
		Classes: cifarClasses,
		Shape:   cifar{}.Shape(),
		// The mean and std of ImageNet, which the published CIFAR-10 networks
		// of akamaster/pytorch_resnet_cifar10 were trained with.
		Preprocess: Torchvision.Normalise(Preprocess{}),
		load:       func(_ Source, s Split) (Dataset, error) { return CIFAR10(dir, s) },
	}, kind == "cifar10" && dir != ""
}

func openShapes(kind, arg string) (Source, bool) {
	return Source{
		Classes:    shapeClasses(),
		Shape:      shapes{}.Shape(),
		Preprocess: Preprocess{Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{0.25, 0.25, 0.25}},
		load:       func(_ Source, s Split) (Dataset, error) { return Shapes(shapesSeed, s), nil },
	}, kind == "shapes" && arg == ""
}

func openPhotos(name string, list func(path string) ([]photoFile, error)) func(kind, arg string) (Source, bool) {
	return func(kind, path string) (Source, bool) {
		load := func(s Source, _ Split) (Dataset, error) {
			if s.Shape == nil {
				return nil, fmt.Errorf("dataset: %s: no preprocessing was given", s.Spec)
			}
			files, err := list(path)
			if err != nil {
				return nil, err
			}
			return photos{files, s.Preprocess}, nil
		}
		return Source{Photos: true, load: load}, kind == name && path != ""
	}
}
