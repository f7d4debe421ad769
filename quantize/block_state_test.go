package quantize

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A run that is stopped after a block goes on from it and gives the bytes of one
// that was not.
func TestReconstructResumes(t *testing.T) {
	j, plan, st := blockJob(t, blockNet(t), 2, "")
	q, err := j.Round(context.Background(), plan, st)
	if err != nil {
		t.Fatal(err)
	}
	want := packed(t, j, q)

	work := filepath.Join(t.TempDir(), "work")
	j, plan, st = blockJob(t, blockNet(t), 2, work)
	ctx, cancel := context.WithCancel(context.Background())
	first := segments(j.Graph, j.Layers)[0]
	j.Config.Progress = func(s Stage, done, total int) {
		if s == StageRound && done > first.hi+j.Config.Blocks.Steps+1 {
			cancel()
		}
	}
	if _, err := j.Round(ctx, plan, st); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want one of a cancelled context", err)
	}
	state := filepath.Join(work, "block-00.json")
	if _, err := os.Stat(state); err != nil {
		t.Fatal(err)
	}
	j, plan, st = blockJob(t, blockNet(t), 2, work)
	least := math.MaxInt
	j.Config.Progress = func(s Stage, done, _ int) {
		if s == StageRound {
			least = min(least, done)
		}
	}
	if q, err = j.Round(context.Background(), plan, st); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(packed(t, j, q), want) {
		t.Error("the resumed run gives another file")
	}
	if least < first.hi+j.Config.Blocks.Steps {
		t.Errorf("the resumed run reports step %d, which the first had done", least)
	}
	j.Config.Blocks.Steps++
	if _, err := j.Round(context.Background(), plan, st); err == nil || !strings.Contains(err.Error(), state) {
		t.Errorf("blocks of other settings: error %v, want one that names %s", err, state)
	}
}

func TestBlockStateErrors(t *testing.T) {
	_, q := roundedNet(t)
	layers := weighted(q)
	for name, damage := range map[string]func(s *blockState){
		"missing layer": func(s *blockState) { s.Layers = s.Layers[1:] },
		"other layer":   func(s *blockState) { s.Layers[2].Layer = "other" },
		"short codes":   func(s *blockState) { s.Layers[2].Codes = s.Layers[2].Codes[1:] },
		"no bias":       func(s *blockState) { s.Layers[2].Bias = nil },
		"bits":          func(s *blockState) { s.Layers[2].Bits = 9 },
	} {
		s := newBlockState(layers)
		damage(s)
		if err := s.restore(layers); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	before := q.Clone()
	if err := newBlockState(layers).restore(layers); err != nil {
		t.Fatal(err)
	}
	for i, l := range weighted(before) {
		if !slices.Equal(l.Weight.Data.Int8(), layers[i].Weight.Data.Int8()) || !slices.Equal(l.Bias.Data.Int32(), layers[i].Bias.Data.Int32()) {
			t.Errorf("%s is restored to something else", l.node.Name)
		}
	}
}
