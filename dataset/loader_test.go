package dataset

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"mixq/tensor"
)

func TestBatches(t *testing.T) {
	for _, tt := range []struct {
		name    string
		indices []int
		batch   int
		want    [][]int
	}{
		{"none", nil, 3, nil},
		{"whole batches", []int{0, 1, 2, 3}, 2, [][]int{{0, 1}, {2, 3}}},
		{"a rest", []int{4, 2, 0}, 2, [][]int{{4, 2}, {0}}},
		{"one batch larger than all", []int{1, 1}, 9, [][]int{{1, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := Batches(counted(5), tt.indices, LoadOptions{Batch: tt.batch, Threads: 2})
			for range 2 { // it can be run again
				if got := labelsOf(t, l); l.Err() != nil || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("labels %v, error %v, want %v", got, l.Err(), tt.want)
				}
			}
		})
	}
}

// labelsOf runs l over a set of the counted kind and checks the pixels.
func labelsOf(t *testing.T, l *Loader) (all [][]int) {
	t.Helper()
	for x, labels := range l.All() {
		if want := (tensor.Shape{len(labels), 1, 2, 2}); !x.Shape().Equal(want) {
			t.Fatalf("shape %v, want %v", x.Shape(), want)
		}
		for k, v := range x.Uint8() {
			if want := uint8(4*labels[k/4] + k%4); v != want {
				t.Fatalf("pixel %d of labels %v is %d, want %d", k, labels, v, want)
			}
		}
		all = append(all, labels)
	}
	return all
}

func TestBatchesStops(t *testing.T) {
	n := 0
	for range Batches(counted(5), Order(5, 1), LoadOptions{Batch: 1}).All() {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d batches before the break, want 2", n)
	}
}

// damaged is a counted set in which every third image cannot be read.
type damaged struct{ counted }

func (d damaged) Image(i int, pixels []uint8) (int, error) {
	if i%3 == 1 {
		return 0, fmt.Errorf("image %d is damaged", i)
	}
	return d.counted.Image(i, pixels)
}

func TestBatchesDamaged(t *testing.T) {
	indices := []int{0, 2, 3, 4, 1, 5, 1, 4}
	l := Batches(damaged{9}, indices, LoadOptions{Batch: 2, Threads: 3})
	if got := labelsOf(t, l); !reflect.DeepEqual(got, [][]int{{0, 2}}) || l.Err() == nil || l.Err().Error() != "image 4 is damaged" {
		t.Errorf("labels %v, error %v; want those before image 4", got, l.Err())
	}
	var skipped []string
	l = Batches(damaged{9}, indices, LoadOptions{Batch: 2, Threads: 3, Skip: func(err error) { skipped = append(skipped, err.Error()) }})
	if got := labelsOf(t, l); !reflect.DeepEqual(got, [][]int{{0, 2}, {3}, {5}}) || l.Err() != nil {
		t.Errorf("labels %v, error %v; want all but those of damaged images", got, l.Err())
	}
	if want := []string{"image 4 is damaged", "image 1 is damaged", "image 1 is damaged", "image 4 is damaged"}; !slices.Equal(skipped, want) {
		t.Errorf("skipped %v, want %v", skipped, want)
	}
}

var errPanic = errors.New("out of range")

type panicking struct{ counted }

func (panicking) Image(int, []uint8) (int, error) { panic(errPanic) }

// A panic of Image reaches the goroutine of the caller.
func TestBatchesPanics(t *testing.T) {
	defer func() {
		if v := recover(); v != errPanic {
			t.Errorf("recovered %v, want %v", v, errPanic)
		}
	}()
	for range Batches(panicking{3}, []int{0, 1, 2}, LoadOptions{Batch: 1}).All() {
	}
	t.Error("no panic reached the caller")
}
