package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mixq/internal/golden"
)

// record is an image of class label whose red, green and blue pixels are r, g
// and b.
func record(label, r, g, b uint8) []byte {
	out := []byte{label}
	for _, v := range []byte{r, g, b} {
		out = append(out, bytes.Repeat([]byte{v}, 1024)...)
	}
	return out
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCIFAR10(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "test_batch.bin", record(9, 1, 2, 3))
	write(t, dir, "data_batch_2.bin", append(record(2, 20, 21, 22), record(3, 30, 31, 32)...))
	write(t, dir, "data_batch_5.bin", record(5, 50, 51, 52))
	for _, tt := range []struct {
		split Split
		want  [][]byte
	}{
		{Test, [][]byte{record(9, 1, 2, 3)}},
		{Train, [][]byte{record(2, 20, 21, 22), record(3, 30, 31, 32), record(5, 50, 51, 52)}},
	} {
		d, err := CIFAR10(dir, tt.split)
		if err != nil {
			t.Fatal(err)
		}
		if d.Len() != len(tt.want) {
			t.Fatalf("%v has %d images, want %d", tt.split, d.Len(), len(tt.want))
		}
		pixels := make([]byte, d.Shape().Elems())
		for i, want := range tt.want {
			if label, _ := d.Image(i, pixels); label != int(want[0]) || !bytes.Equal(pixels, want[1:]) {
				t.Errorf("%v image %d: label %d and first pixel %d, want %d and %d", tt.split, i, label, pixels[0], want[0], want[1])
			}
		}
	}
}

func TestCIFAR10Errors(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		data       []byte
		split      Split
		want       string
	}{
		{"no test file", "data_batch_1.bin", record(0, 0, 0, 0), Test, "test_batch.bin"},
		{"no training file", "test_batch.bin", record(0, 0, 0, 0), Train, "no data_batch_1.bin to data_batch_5.bin"},
		{"empty", "test_batch.bin", nil, Test, "test_batch.bin: 0 bytes are not whole records of 3073"},
		{"truncated", "data_batch_3.bin", record(0, 0, 0, 0)[1:], Train, "data_batch_3.bin: 3072 bytes"},
		{"label", "test_batch.bin", append(record(9, 0, 0, 0), record(10, 0, 0, 0)...), Test, "test_batch.bin: record 1 has label 10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tt.file, tt.data)
			_, err := CIFAR10(dir, tt.split)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error = %v, want one with %q and the folder", err, tt.want)
			}
		})
	}
}

// TestCIFAR10Real: the real test split has a thousand images of every class.
func TestCIFAR10Real(t *testing.T) {
	d, err := CIFAR10(golden.CIFAR(t), Test)
	if err != nil {
		t.Fatal(err)
	}
	var count [10]int
	for _, labels := range Batches(d, Order(d.Len(), 0), LoadOptions{Batch: 500}).All() {
		for _, label := range labels {
			count[label]++
		}
	}
	for class, n := range count {
		if n != 1000 {
			t.Errorf("%d images of class %d (%s), want 1000", n, class, cifarClasses[class])
		}
	}
}

// FuzzCIFAR: what is accepted has whole records, and reading them all gives the
// file back.
func FuzzCIFAR(f *testing.F) {
	f.Add(record(3, 1, 2, 3))
	f.Add(append(record(0, 0, 0, 0), record(9, 255, 0, 255)...))
	f.Add(record(10, 0, 0, 0))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if checkCIFAR(data) != nil {
			return
		}
		var again []byte
		d := cifar{data}
		for i := range d.Len() {
			pixels := make([]byte, cifarPixels)
			label, _ := d.Image(i, pixels)
			again = append(append(again, uint8(label)), pixels...)
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%d bytes in %d records are not what the file holds", len(data), d.Len())
		}
	})
}
