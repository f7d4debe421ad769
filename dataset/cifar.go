package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mixq/tensor"
)

// A CIFAR-10 file is a sequence of records: the class, then 32x32 pixels of
// red, green and blue (www.cs.toronto.edu/~kriz/cifar.html).
const (
	cifarSide   = 32
	cifarPixels = 3 * cifarSide * cifarSide
	cifarRecord = 1 + cifarPixels
)

var cifarClasses = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

var cifarFiles = map[Split][]string{
	Train: {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
	Test:  {"test_batch.bin"},
}

// cifar holds the records of every file.
type cifar [][]byte

// CIFAR10 reads a split of CIFAR-10 from a folder with the files of the binary
// version: test_batch.bin, or those of data_batch_1.bin to data_batch_5.bin that
// are there, in this order. The errors name the file.
func CIFAR10(dir string, split Split) (Dataset, error) {
	var d cifar
	for _, name := range cifarFiles[split] {
		path := filepath.Join(dir, name)
		records, err := os.ReadFile(path)
		if split == Train && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		if err := checkCIFAR(records); err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", path, err)
		}
		d = append(d, records)
	}
	if len(d) == 0 {
		return nil, fmt.Errorf("dataset: %s: no data_batch_1.bin to data_batch_5.bin of CIFAR-10 there", dir)
	}
	return d, nil
}

// checkCIFAR proves that a file is whole records with valid labels.
func checkCIFAR(records []byte) error {
	if len(records) == 0 || len(records)%cifarRecord != 0 {
		return fmt.Errorf("%d bytes are not whole records of %d: truncated, or not CIFAR-10 binary", len(records), cifarRecord)
	}
	for i := 0; i < len(records); i += cifarRecord {
		if label := int(records[i]); label >= len(cifarClasses) {
			return fmt.Errorf("record %d has label %d, not 0 to 9: damaged, or not CIFAR-10 binary", i/cifarRecord, label)
		}
	}
	return nil
}

// Len implements Dataset.
func (d cifar) Len() int {
	n := 0
	for _, records := range d {
		n += len(records) / cifarRecord
	}
	return n
}

// Shape implements Dataset.
func (d cifar) Shape() tensor.Shape { return tensor.Shape{3, cifarSide, cifarSide} }

// Image implements Dataset.
func (d cifar) Image(i int, pixels []uint8) (int, error) {
	for _, records := range d {
		if n := len(records) / cifarRecord; i >= n {
			i -= n
			continue
		}
		record := records[i*cifarRecord:][:cifarRecord]
		copy(pixels, record[1:])
		return int(record[0]), nil
	}
	panic("dataset: image index out of range")
}
