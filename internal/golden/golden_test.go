package golden

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestRelErr(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		name      string
		got, want []float32
		err       float64
	}{
		{"empty", nil, nil, 0},
		{"equal", []float32{1, -2}, []float32{1, -2}, 0},
		{"scaled by the largest", []float32{1, -4}, []float32{2, -4}, .25},
		{"lengths differ", []float32{1}, []float32{1, 2}, math.Inf(1)},
		{"NaN in got", []float32{nan}, []float32{1}, math.Inf(1)},
		{"NaN in want", []float32{1}, []float32{nan}, math.Inf(1)},
		{"Inf minus Inf", []float32{inf}, []float32{inf}, math.Inf(1)},
		{"want is zero", []float32{1}, []float32{0}, math.Inf(1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := RelErr(tt.got, tt.want); got != tt.err {
				t.Errorf("RelErr(%v, %v) = %v, want %v", tt.got, tt.want, got, tt.err)
			}
		})
	}
}

func TestFirstDiff(t *testing.T) {
	for _, tt := range []struct{ name, got, want, diff string }{
		{"equal", "a\nb\n", "a\nb\n", ""},
		{"line endings", "a\nb\n", "a\r\nb\r\n", ""},
		{"second line", "a\nb", "a\nc", `line 2: got "b", want "c"`},
		{"shorter", "a", "a\nc", `line 2: got "end of file", want "c"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := firstDiff([]byte(tt.got), []byte(tt.want)); d != tt.diff {
				t.Errorf("firstDiff(%q, %q) = %q, want %q", tt.got, tt.want, d, tt.diff)
			}
		})
	}
}

func TestShared(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MIXQ_SHARED", dir)
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := Shared(t, "file"); got != path {
		t.Errorf("Shared = %q, want %q", got, path)
	}
	skipped := t.Run("absent", func(t *testing.T) {
		defer func() {
			if !t.Skipped() {
				t.Error("an absent file did not skip the test")
			}
		}()
		Shared(t, "no such file")
	})
	if !skipped {
		t.Error("an absent file failed the test")
	}
}
