package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"mixq/dataset"
	"mixq/quantize"
)

// data is the flag that names an image set.
type data struct{ dataset.Source }

func (d *data) addFlag(f *pflag.FlagSet) { f.Var(d, "data", "image set: cifar10:DIR or shapes") }

func (d *data) Set(spec string) (err error) {
	d.Source, err = dataset.Open(spec)
	return err
}

func (d *data) Type() string   { return "SPEC" }
func (d *data) String() string { return d.Spec }

// batch is the number of images that are read and run together.
const batch = 128

// calibration yields n training images chosen by seed.
func (d *data) calibration(n int, seed uint64) (quantize.Batches, error) {
	images, err := d.Load(dataset.Train)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > images.Len() {
		return nil, fmt.Errorf("--calib %d: want 1 to %d, the number of training images", n, images.Len())
	}
	return dataset.Batches(images, dataset.Order(images.Len(), seed)[:n], batch), nil
}

// test yields the first limit test images, or all if limit is 0, and says how
// many they are.
func (d *data) test(limit int) (images quantize.Batches, n int, err error) {
	all, err := d.Load(dataset.Test)
	if err != nil {
		return nil, 0, err
	}
	if limit < 0 || limit > all.Len() {
		return nil, 0, fmt.Errorf("--limit %d: want 0 to %d, the number of test images", limit, all.Len())
	}
	if limit == 0 {
		limit = all.Len()
	}
	order := make([]int, limit)
	for i := range order {
		order[i] = i
	}
	return dataset.Batches(all, order, batch), limit, nil
}
