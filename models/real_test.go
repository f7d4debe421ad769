package models_test

import (
	"encoding/csv"
	"image"
	_ "image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"mixq/infer"
	"mixq/internal/golden"
	"mixq/models"
	"mixq/models/safetensors"
	"mixq/tensor"
)

// Networks with their real ImageNet weights recognise photographs. The middle is
// cut out at full scale instead of resized, which costs some; still, chance
// would be right once in a thousand.
func TestRealWeights(t *testing.T) {
	const photographs, atLeast = 16, 5
	tests := []struct{ name, file string }{
		{"mobilenet_v1_075", "mobilenet_v1_075-imagenet-keras.safetensors"},
		{"mobilenet_v2_tf", "mobilenet_v2-imagenet-tf.safetensors"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := safetensors.Read(golden.Shared(t, "models", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			m, err := models.Find(tt.name)
			if err != nil {
				t.Fatal(err)
			}
			g, err := m.Load(f.Tensors)
			if err != nil {
				t.Fatal(err)
			}
			p, err := infer.Compile(g, infer.Options{Mode: infer.Float})
			if err != nil {
				t.Fatal(err)
			}
			s := p.NewSession()
			defer s.Close()
			right := 0
			for _, row := range labels(t)[:photographs] {
				x := middle(t, row[0], m.Input)
				out, err := s.Run(x)
				if err != nil {
					t.Fatal(err)
				}
				logits := out[0].Float32()
				if strconv.Itoa(slices.Index(logits, slices.Max(logits))) == row[1] {
					right++
				}
			}
			if right < atLeast {
				t.Errorf("%d of %d photographs are recognised, want at least %d", right, photographs, atLeast)
			}
			t.Logf("%d of %d photographs are recognised", right, photographs)
		})
	}
}

// labels returns the rows "file,class,..." of the photographs.
func labels(t *testing.T) [][]string {
	t.Helper()
	f, err := os.Open(golden.Shared(t, "data", "imagenet-compatible", "labels.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// middle is the normalised centre of a photograph.
func middle(t *testing.T, file string, in models.Input) *tensor.Tensor {
	t.Helper()
	f, err := os.Open(filepath.Join(golden.Shared(t, "data", "imagenet-compatible", "images"), file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	size := img.Bounds().Size()
	x0, y0 := (size.X-in.Size)/2, (size.Y-in.Size)/2
	x := tensor.New(tensor.Float32, 1, 3, in.Size, in.Size)
	plane := in.Size * in.Size
	for i := range plane {
		r, g, b, _ := img.At(x0+i%in.Size, y0+i/in.Size).RGBA()
		for c, v := range []uint32{r, g, b} {
			x.Float32()[c*plane+i] = float32((float64(v>>8)/255 - in.Mean[c]) / in.Std[c])
		}
	}
	return x
}
