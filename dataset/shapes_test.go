package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
)

// TestShapesPinned: the recorded digests must hold on every architecture. Who
// changes the figures changes what networks were trained on.
func TestShapesPinned(t *testing.T) {
	for _, tt := range []struct {
		split Split
		want  string
	}{
		{Train, "1f245873d8c54184760be00f41a3b77556732ea8a6eb13e99a02e715b209f523"},
		{Test, "47d12c067dc980df0323db0c89d8421eaa9c49ae72f6c6976d0ef74faf61682a"},
	} {
		d := Shapes(shapesSeed, tt.split)
		h := sha256.New()
		pixels := make([]byte, d.Shape().Elems())
		for i := range 500 {
			label, _ := d.Image(i, pixels)
			h.Write(append(pixels, uint8(label)))
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != tt.want {
			t.Errorf("%v: digest %s, want %s", tt.split, got, tt.want)
		}
	}
}

func TestShapesDiffer(t *testing.T) {
	pixels := func(seed uint64, split Split, i int) []uint8 {
		b := make([]uint8, 3*shapesSide*shapesSide)
		Shapes(seed, split).Image(i, b)
		return b
	}
	first := pixels(1, Train, 0)
	for name, other := range map[string][]uint8{
		"seed": pixels(2, Train, 0), "split": pixels(1, Test, 0), "index": pixels(1, Train, 10),
	} {
		if slices.Equal(first, other) {
			t.Errorf("another %s shows the same image", name)
		}
	}
}

// TestOutlines checks what makes each figure itself: points inside and outside.
func TestOutlines(t *testing.T) {
	type point struct{ x, y float64 }
	for _, tt := range []struct {
		name    string
		in, out []point
	}{
		{"disc", []point{{0, 0}, {0.6, 0.6}, {-0.89, 0}}, []point{{0.7, 0.7}, {0, 0.91}}},
		{"ring", []point{{0.6, 0}, {0, -0.9}}, []point{{0, 0}, {0.5, 0}, {0.95, 0}}},
		{"crescent", []point{{-0.8, 0}, {0, 0.9}}, []point{{0, 0}, {0.9, 0}, {-1, 0}}},
		{"square", []point{{0.79, 0.79}, {-0.79, 0.79}}, []point{{0.81, 0}, {0, -0.81}}},
		{"triangle", []point{{0, 0}, {0, 1.05}, {0.85, -0.5}}, []point{{0, 1.15}, {0.6, 0.5}, {0, -0.6}}},
		{"bow tie", []point{{0, 0}, {0.85, 0.6}, {-0.85, -0.6}}, []point{{0, 0.2}, {0.95, 0}, {0.5, 0.6}}},
		{"star", []point{{0, 0}, {0, 0.95}, {-0.9, 0.29}}, []point{{0, -0.5}, {0.5, 0.7}, {1, 0}}},
		{"cross", []point{{0.8, 0.2}, {-0.2, 0.8}}, []point{{0.5, 0.5}, {0.95, 0}}},
		{"stripes", []point{{0.3, 0}, {0.3, 0.9}, {-0.3, 0}}, []point{{0, 0}, {0.6, 0}, {0.9, 0.9}}},
		{"checker", []point{{0.3, 0}, {0, 0.3}}, []point{{0, 0}, {0.3, 0.3}, {0.95, 0.3}}},
	} {
		i := slices.IndexFunc(figures[:], func(f figure) bool { return f.name == tt.name })
		for _, p := range tt.in {
			if d := figures[i].outline(p.x, p.y); d > 0 {
				t.Errorf("%s: %v is outside by %v", tt.name, p, d)
			}
		}
		for _, p := range tt.out {
			if d := figures[i].outline(p.x, p.y); d < 0 {
				t.Errorf("%s: %v is inside by %v", tt.name, p, d)
			}
		}
	}
}

// TestPlace: a placement is a rotation and a shift that leaves the figure almost
// wholly in the image.
func TestPlace(t *testing.T) {
	r := newRandom(1)
	quadrant := [4]int{}
	for range 400 {
		p := place(r, 3, 9)
		if norm := dot(p.cos, p.sin, p.cos, p.sin); norm < 1-1e-15 || norm > 1+1e-15 {
			t.Fatalf("cos %v and sin %v have norm %v", p.cos, p.sin, norm)
		}
		if p.x < 0.8*p.scale || p.x > shapesSide-0.8*p.scale || p.y < 0.8*p.scale || p.y > shapesSide-0.8*p.scale {
			t.Fatalf("a figure of scale %v is at %v, %v", p.scale, p.x, p.y)
		}
		q := 0
		if p.cos < 0 {
			q++
		}
		if p.sin < 0 {
			q += 2
		}
		quadrant[q]++
	}
	if slices.Min(quadrant[:]) < 60 { // 100 are expected, standard deviation 9
		t.Errorf("angles by quadrant: %v", quadrant)
	}
}

func BenchmarkShapes(b *testing.B) {
	d := Shapes(1, Train)
	pixels := make([]uint8, d.Shape().Elems())
	for i := 0; b.Loop(); i++ {
		d.Image(i%d.Len(), pixels)
	}
}
