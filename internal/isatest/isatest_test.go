package isatest_test

import (
	"slices"
	"testing"

	"mixq/internal/isa"
	"mixq/internal/isatest"
)

func TestEachRunsAvailableLevels(t *testing.T) {
	var got []isa.Level
	isatest.Each(t, func(t *testing.T) { got = append(got, isa.Current()) })
	want := isa.Available()
	slices.Reverse(want)
	if !slices.Equal(got, want) {
		t.Errorf("levels run = %v, want %v", got, want)
	}
}
