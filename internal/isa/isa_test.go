package isa

import (
	"slices"
	"strings"
	"testing"
)

func TestAvailableIsPrefixOfSupported(t *testing.T) {
	got, all := Available(), Supported()
	if len(got) == 0 || got[0] != Generic || !slices.Equal(got, all[:len(got)]) {
		t.Errorf("Available() = %v, want a prefix of %v", got, all)
	}
	if !slices.IsSorted(all) {
		t.Errorf("Supported() = %v is not ordered", all)
	}
}

func TestRestrict(t *testing.T) {
	all := []Level{Generic, AVX2, AVX512VNNI, AMX}
	for _, tt := range []struct {
		name string
		want []Level
		err  string
	}{
		{"", all, ""},
		{"generic", all[:1], ""},
		{"avx2", all[:2], ""},
		{"avx512vnni", all[:3], ""},
		{"amx", all, ""},
		{"neon", all, "generic, avx2, avx512vnni, amx"},
		{"AVX2", all, "AVX2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := restrict(all, tt.name)
			if !slices.Equal(got, tt.want) {
				t.Errorf("levels = %v, want %v", got, tt.want)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error = %v, want one with %q", err, tt.err)
			}
		})
	}
}

func TestForce(t *testing.T) {
	start := Current()
	for _, l := range Available() {
		restore := Force(l)
		if Current() != l {
			t.Errorf("Current() = %v, want %v", Current(), l)
		}
		restore()
		if Current() != start {
			t.Errorf("Current() = %v after restore, want %v", Current(), start)
		}
	}
}

func TestForcePanicsAboveAvailable(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Force of a level that does not exist did not panic")
		}
	}()
	Force(Level(200))
}

func TestNames(t *testing.T) {
	if got := Level(200).String(); got != "Level(200)" {
		t.Errorf("String() = %q, want Level(200)", got)
	}
	seen := map[string]bool{}
	for l := range names {
		s := Level(l).String()
		if s == "" || seen[s] {
			t.Errorf("level %d is called %q", l, s)
		}
		seen[s] = true
	}
}
