package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"mixq/dataset"
	"mixq/models"
)

// data is an image set, as flags name it and what to take of it.
type data struct {
	dataset.Source
	preset    dataset.Preset
	rows      rows // of the test images
	calibRows rows // of the training images
	crops     int  // of each image to calibrate on besides; less than 0: as many as pay
	skipBad   bool
	skipped   []error
}

func (d *data) Set(spec string) (err error) {
	d.Source, err = dataset.Open(spec)
	return err
}

func (d *data) Type() string   { return "SPEC" }
func (d *data) String() string { return d.Spec }

func (d *data) addFlags(f *pflag.FlagSet) {
	f.Var(d, "data", "image set: "+dataset.Usage())
	f.Var(&d.rows, "rows", "test images to use, A to B-1; all by default")
	f.TextVar(&d.preset, "preprocess", dataset.Preset(0), "how pixels are normalised: `torchvision` or tensorflow, instead of as the network or the image set says")
	f.BoolVar(&d.skipBad, "skip-bad", false, "leave images out that cannot be read, and name them")
}

func (d *data) addCalibRows(f *pflag.FlagSet) {
	f.Var(&d.calibRows, "calib-rows", "images to choose those for calibration from, A to B-1; photographs need this and --rows apart from it")
	f.IntVar(&d.crops, "crops", -1, fmt.Sprintf("calibrate on so many random crops of each image as well; by default as many as make %d of photographs, at most %d each", enoughPhotos, mostCrops))
}

// prepare settles how images are prepared: photographs as the network says,
// sets of one size as they say themselves, and pixels as --preprocess says.
func (d *data) prepare(network dataset.Preprocess) (err error) {
	p := d.Preprocess
	if d.Photos {
		p = network
	}
	if d.preset != 0 {
		p = d.preset.Normalise(p)
	}
	d.Source, err = d.Prepare(p)
	return err
}

// prepareFor settles how photographs are prepared for a .mixq file, which says
// it itself.
func (d *data) prepareFor(path string, preprocess []byte) error {
	if d.preset != 0 {
		return fmt.Errorf("--preprocess: %s knows how its images are normalised", path)
	}
	if !d.Photos {
		return nil
	}
	if len(preprocess) == 0 {
		return fmt.Errorf("%s: the file does not say how photographs are prepared", path)
	}
	p, err := dataset.ParsePreprocess(preprocess)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return d.prepare(p)
}

// preprocessing is what the published weights of a network expect.
func preprocessing(in models.Input) dataset.Preprocess {
	return dataset.Preprocess{Resize: in.Resize, Crop: in.Size, Mean: in.Mean[:], Std: in.Std[:]}
}

// batch is the number of images that are read and run together.
const batch = 128

// test yields the first limit of the test images, all if it is 0, and
// says how many there are.
func (d *data) test(limit int) (*dataset.Loader, int, error) {
	test, err := d.Load(dataset.Test)
	if err != nil {
		return nil, 0, err
	}
	indices, err := d.rows.of(test.Len(), "--rows")
	if err != nil {
		return nil, 0, err
	}
	if limit < 0 || limit > len(indices) {
		return nil, 0, fmt.Errorf("--limit %d: want at most %d, the number of test images", limit, len(indices))
	}
	if limit > 0 {
		indices = indices[:limit]
	}
	return d.batches(test, indices), len(indices), nil
}

// calibration yields n training images in an order that depends on seed.
func (d *data) calibration(n int, seed uint64) (*dataset.Loader, error) {
	train, order, err := d.training(seed)
	if err != nil {
		return nil, err
	}
	if d.calibRows != (rows{}) {
		n = min(n, len(order))
	}
	if n < 1 || n > len(order) {
		return nil, fmt.Errorf("--calib %d: want 1 to %d, the number of training images", n, len(order))
	}
	copies := d.copies(n)
	var chosen []int
	for _, i := range order[:n] {
		for c := range copies + 1 {
			chosen = append(chosen, i*(copies+1)+c)
		}
	}
	return d.batches(dataset.Crops(train, copies, seed), chosen), nil
}

// Photographs for calibration are few, and networks for them have layers that fit
// every one of a few hundred by heart. Crops are as good as more of them up to a
// point (docs/METHOD.md, Images).
const (
	enoughPhotos = 2000
	mostCrops    = 3
)

// copies is the number of crops of each of n images.
func (d *data) copies(n int) int {
	switch {
	case d.crops >= 0:
		return d.crops
	case d.Photos:
		return min(max(enoughPhotos/n-1, 0), mostCrops)
	}
	return 0
}

// validation yields n of the training images that calibration does not with the
// same seed.
func (d *data) validation(n, calib int, seed uint64) (*dataset.Loader, error) {
	train, order, err := d.training(seed)
	if err != nil {
		return nil, err
	}
	rest := order[min(calib, len(order)):]
	if n < 1 || n > len(rest) {
		return nil, fmt.Errorf("--valid %d: want 1 to %d, the training images that --calib %d leaves; lower one of them", n, len(rest), calib)
	}
	return d.batches(train, rest[:n]), nil
}

// tuning yields n images that calibration does not see with the same seed: other
// training images, or where they run out, random crops of those that it sees.
func (d *data) tuning(n, calib int, seed uint64) (*dataset.Loader, error) {
	train, order, err := d.training(seed)
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, fmt.Errorf("--tune %d: want at least 1", n)
	}
	calib = min(calib, len(order))
	if rest := order[calib:]; n <= len(rest) {
		return d.batches(train, rest[len(rest)-n:]), nil
	}
	copies := (n + calib - 1) / calib
	var crops []int
	for i := range n {
		crops = append(crops, order[i%calib]*(copies+1)+1+i/calib)
	}
	return d.batches(dataset.Crops(train, copies, seed), crops), nil
}

// training gives the training images and the indices of those that may be used,
// in an order that depends on seed.
func (d *data) training(seed uint64) (dataset.Dataset, []int, error) {
	if d.undivided() {
		return nil, nil, fmt.Errorf("--data %s: name images to calibrate on with --calib-rows and others to evaluate on with --rows", d.Spec)
	}
	train, err := d.Load(dataset.Train)
	if err != nil {
		return nil, nil, err
	}
	indices, err := d.calibRows.of(train.Len(), "--calib-rows")
	if err != nil {
		return nil, nil, err
	}
	order := dataset.Order(len(indices), seed)
	for i, k := range order {
		order[i] = indices[k]
	}
	return train, order, nil
}

// undivided tells whether images could serve for both calibration and evaluation.
func (d *data) undivided() bool {
	return d.Photos && (d.calibRows == rows{} || d.calibRows.overlap(d.rows))
}

func (d *data) batches(images dataset.Dataset, indices []int) *dataset.Loader {
	o := dataset.LoadOptions{Batch: batch, Threads: runtime.GOMAXPROCS(0)}
	if d.skipBad {
		o.Skip = func(err error) { d.skipped = append(d.skipped, err) }
	}
	return dataset.Batches(images, indices, o)
}

// reportSkipped names the images that were left out.
func (d *data) reportSkipped(w io.Writer) {
	for _, err := range d.skipped {
		fmt.Fprintln(w, "mixq:", err)
	}
	if n := len(d.skipped); n > 0 {
		fmt.Fprintf(w, "mixq: %d images left out\n", n)
	}
}

// rows is a range of images; the zero value is all.
type rows struct{ from, to int }

func (r *rows) Set(s string) error {
	a, b, _ := strings.Cut(s, ":")
	from, err1 := strconv.ParseUint(a, 10, 31)
	to, err2 := strconv.ParseUint(b, 10, 31)
	if err1 != nil || err2 != nil || from >= to {
		return errors.New("want A:B with A below B, such as 0:500")
	}
	*r = rows{int(from), int(to)}
	return nil
}

func (r *rows) Type() string { return "A:B" }

func (r *rows) String() string {
	if *r == (rows{}) {
		return ""
	}
	return fmt.Sprintf("%d:%d", r.from, r.to)
}

// of lists the rows among n images.
func (r rows) of(n int, flag string) ([]int, error) {
	if r == (rows{}) {
		r.to = n
	}
	if r.to > n {
		return nil, fmt.Errorf("%s %v: there are %d images", flag, &r, n)
	}
	indices := make([]int, r.to-r.from)
	for i := range indices {
		indices[i] = r.from + i
	}
	return indices, nil
}

// overlap tells whether a row is in both ranges.
func (r rows) overlap(o rows) bool {
	all := rows{}
	return r == all || o == all || r.from < o.to && o.from < r.to
}
