package dataset

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mixq/tensor"
)

// counted is a set whose image i has class i and bytes 4i, 4i+1, ...
type counted int

func (d counted) Len() int            { return int(d) }
func (d counted) Shape() tensor.Shape { return tensor.Shape{1, 2, 2} }
func (d counted) Image(i int, pixels []uint8) (int, error) {
	for k := range pixels {
		pixels[k] = uint8(4*i + k)
	}
	return i, nil
}

func TestOrder(t *testing.T) {
	for n := range 40 {
		order := Order(n, 7)
		sorted := slices.Sorted(slices.Values(order))
		for i, v := range sorted {
			if i != v {
				t.Fatalf("Order(%d) = %v is no permutation", n, order)
			}
		}
	}
	// Recorded: an order that changed would change which images calibrate.
	if got, want := Order(10, 1), []int{4, 1, 7, 2, 0, 5, 6, 3, 9, 8}; !slices.Equal(got, want) {
		t.Errorf("Order(10, 1) = %v, want %v", got, want)
	}
	if slices.Equal(Order(20, 1), Order(20, 2)) {
		t.Error("two seeds gave one order")
	}
}

// TestOrderUniform counts where element 0 of 8 goes. With 4,000 seeds every
// place expects 500 with a standard deviation of 21; five of them are allowed.
func TestOrderUniform(t *testing.T) {
	var count [8]int
	for seed := range uint64(4000) {
		count[slices.Index(Order(8, seed), 0)]++
	}
	for place, n := range count {
		if n < 395 || n > 605 {
			t.Errorf("place %d was taken %d times of 4000, want about 500", place, n)
		}
	}
}

// TestNormal measures the moments of 100,000 draws: the standard errors are
// 0.0032 and about 0.004.
func TestNormal(t *testing.T) {
	r := newRandom(3)
	const n = 100000
	var sum, squares float64
	for range n {
		v := r.normal()
		sum += v
		squares += v * v
	}
	if mean, variance := sum/n, squares/n; math.Abs(mean) > 0.016 || math.Abs(variance-1) > 0.02 {
		t.Errorf("mean %v, variance %v, want 0 and 1", mean, variance)
	}
}

func TestPreprocessTable(t *testing.T) {
	p := Preprocess{Mean: []float64{0.5, 0}, Std: []float64{0.25, 1}}
	table := p.Table()
	for _, tt := range []struct {
		c, b int
		want float32
	}{
		{0, 0, -2}, {0, 255, 2}, {0, 51, -1.2}, {1, 0, 0}, {1, 255, 1}, {1, 1, float32(1.0 / 255)},
	} {
		if got := table[tt.c][tt.b]; got != tt.want {
			t.Errorf("channel %d, byte %d: %v, want %v", tt.c, tt.b, got, tt.want)
		}
	}
}

// TestPreprocessJSON: the form that files hold, and back.
func TestPreprocessJSON(t *testing.T) {
	for _, tt := range []struct {
		p    Preprocess
		want string
	}{
		{Preprocess{Mean: []float64{0.5, 0}, Std: []float64{0.25, 1}}, `{"mean":[0.5,0],"std":[0.25,1]}`},
		{TensorFlow.Normalise(Preprocess{Resize: 256, Crop: 224}), `{"resize":256,"crop":224,"mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]}`},
		{Preprocess{Channels: BGR, Mean: []float64{0}, Std: []float64{1}}, `{"channels":"bgr","mean":[0],"std":[1]}`},
	} {
		text, err := json.Marshal(tt.p)
		if err != nil || string(text) != tt.want {
			t.Errorf("JSON %s, %v, want %s", text, err, tt.want)
		}
		if back, err := ParsePreprocess(text); err != nil || !reflect.DeepEqual(back, tt.p) {
			t.Errorf("read back: %+v, %v, want %+v", back, err, tt.p)
		}
	}
	for _, text := range []string{``, `[]`, `{"mean":[0],"std":[0]}`, `{"crop":99999999,"mean":[0],"std":[1]}`, `{"channels":"xyz","mean":[0],"std":[1]}`} {
		if _, err := ParsePreprocess([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "dataset: preprocess: ") {
			t.Errorf("ParsePreprocess(%s): error = %v", text, err)
		}
	}
}

func TestPreset(t *testing.T) {
	for _, s := range []Preset{0, Torchvision, TensorFlow} {
		text, _ := s.MarshalText()
		var back Preset
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%v is read back as %v, %v", s, back, err)
		}
	}
	if err := new(Preset).UnmarshalText([]byte("caffe")); err == nil || !strings.Contains(err.Error(), "torchvision or tensorflow") {
		t.Errorf("an unknown preset: error = %v", err)
	}
}

func TestPreprocessValidate(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    Preprocess
		want string
	}{
		{"zero value", Preprocess{}, "0 means and 0 stds"},
		{"lengths", Preprocess{Mean: []float64{0}, Std: []float64{1, 1}}, "1 means and 2 stds"},
		{"std zero", Preprocess{Mean: []float64{0, 0}, Std: []float64{1, 0}}, "channel 1: mean 0, std 0"},
		{"mean NaN", Preprocess{Mean: []float64{math.NaN()}, Std: []float64{1}}, "mean NaN"},
		{"crop", Preprocess{Resize: 8, Crop: 9, Mean: []float64{0}, Std: []float64{1}}, "crop of 9 from 8"},
		{"negative", Preprocess{Resize: -1, Mean: []float64{0}, Std: []float64{1}}, "from -1"},
		{"channels", Preprocess{Channels: 7, Mean: []float64{0}, Std: []float64{1}}, "ChannelOrder(7)"},
		{"std infinite", Preprocess{Mean: []float64{0}, Std: []float64{math.Inf(1)}}, "std +Inf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.p.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

// gradient holds one image 200 times, with labels 0 to 199: the pixel in row y
// and column x is 16y+x+1, and 100 more in the second channel.
type gradient struct{}

func (gradient) Len() int            { return 200 }
func (gradient) Shape() tensor.Shape { return tensor.Shape{2, 6, 5} }
func (gradient) Image(i int, pixels []uint8) (int, error) {
	for k := range pixels {
		pixels[k] = uint8(k/30*100 + k%30/5*16 + k%5 + 1)
	}
	return i, nil
}

// moved is a gradient image, mirrored or not, in the middle of a black one,
// cropped dy rows and dx columns from there.
func moved(dy, dx int, mirror bool) []uint8 {
	const p = augmentPad
	var wide [2][6 + 2*p][5 + 2*p]uint8
	src := make([]uint8, 60)
	gradient{}.Image(0, src)
	for k := range 2 * 6 {
		row := src[5*k:][:5]
		if mirror {
			slices.Reverse(row)
		}
		copy(wide[k/6][k%6+p][p:], row)
	}
	var out []uint8
	for k := range 2 * 6 {
		out = append(out, wide[k/6][k%6+p+dy][p+dx:][:5]...)
	}
	return out
}

// TestAugment recognises the shift and the mirroring of every image by its
// pixels, and wants to see each shift and both mirrorings.
func TestAugment(t *testing.T) {
	var rows, columns [2*augmentPad + 1]int
	var mirrored [2]int
	d := Augment(gradient{}, 1, 0)
	pixels := make([]uint8, 60)
	for i := range d.Len() {
		if label, _ := d.Image(i, pixels); label != i {
			t.Fatalf("label %d, want %d", label, i)
		}
		matches := 0
		for k := range 2 * len(rows) * len(columns) {
			dy, dx, m := k/2/len(columns), k/2%len(columns), k%2
			if slices.Equal(pixels, moved(dy-augmentPad, dx-augmentPad, m == 1)) {
				rows[dy]++
				columns[dx]++
				mirrored[m]++
				matches++
			}
		}
		if matches != 1 {
			t.Fatalf("image %d is %v, which %d shifts and mirrorings make", i, pixels, matches)
		}
	}
	// Of 200 draws every shift expects 22 and mirroring 100; to miss one has
	// probability 1e-9.
	if slices.Contains(rows[:], 0) || slices.Contains(columns[:], 0) || min(mirrored[0], mirrored[1]) < 60 {
		t.Errorf("vertical shifts %v, horizontal %v, mirrored %v", rows, columns, mirrored)
	}
}

func TestAugmentKeys(t *testing.T) {
	draw := func(seed uint64, epoch int) []uint8 {
		d := Augment(gradient{}, seed, epoch)
		all := make([]uint8, 0, 60*20)
		for i := range 20 {
			pixels := make([]uint8, 60)
			d.Image(i, pixels)
			all = append(all, pixels...)
		}
		return all
	}
	first := draw(1, 0)
	if !slices.Equal(first, draw(1, 0)) {
		t.Error("one seed and epoch gave two results")
	}
	if slices.Equal(first, draw(1, 1)) || slices.Equal(first, draw(2, 0)) {
		t.Error("another epoch or seed gave the same images")
	}
}
