package bench

import (
	"context"
	"errors"
	"testing"

	"mixq/infer"
	"mixq/models"
	"mixq/nn/train"
)

func TestMeasureLatency(t *testing.T) {
	g, err := models.Build("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	g = train.Init(g, 1)
	opens := 0
	open := func() (*infer.Program, error) {
		opens++
		return infer.Compile(g, infer.Options{Batch: 3, Threads: 2, Mode: infer.Float})
	}
	l, err := MeasureLatency(context.Background(), open, 3, 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if opens != 1 || l.Model != "resnet8" || l.Batch != 3 || l.Threads != 2 || l.ArenaBytes <= 0 {
		t.Errorf("after %d openings: %+v", opens, l)
	}
	if !(0 < l.Min && l.Min <= l.Median && l.Median <= l.P90 && l.First > 0 && l.Load > 0 && l.GMACs > 0) {
		t.Errorf("times in the wrong order: %+v", l)
	}
	if all := 4 * g.NumParams(); l.WeightBytes < all*9/10 || l.WeightBytes > 2*all {
		t.Errorf("%d bytes of packed weights of a network with %d of parameters", l.WeightBytes, all)
	}
	broken := errors.New("broken")
	if _, err := MeasureLatency(context.Background(), func() (*infer.Program, error) { return nil, broken }, 1, 1, 1); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of open", err)
	}
	for _, n := range [][3]int{{0, 1, 1}, {1, 0, 1}, {1, 1, 0}} {
		if _, err := MeasureLatency(context.Background(), open, n[0], n[1], n[2]); err == nil {
			t.Errorf("batch %d, %d threads, %d runs are accepted", n[0], n[1], n[2])
		}
	}
}

func TestQuantile(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, tt := range []struct{ q, want float64 }{{0, 1}, {.5, 5}, {.9, 9}, {1, 10}} {
		if got := quantile(x, tt.q); got != tt.want {
			t.Errorf("quantile %v is %v, want %v", tt.q, got, tt.want)
		}
	}
}
