package quantize

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"mixq/models"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// randomWeights binds seeded random parameters to g, with batch-norms that
// differ from the identity.
func randomWeights(t testing.TB, g *nn.Graph, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 9))
	w := map[string]*tensor.Tensor{}
	for _, v := range g.Params() {
		p := tensor.New(tensor.Float32, v.Type.Shape...)
		fan := p.Len() / v.Type.Shape[0]
		for i := range p.Float32() {
			switch {
			case strings.HasSuffix(v.Name, "running_var"):
				p.Float32()[i] = .5 + rng.Float32()
			case len(v.Type.Shape) == 1 && strings.HasSuffix(v.Name, "weight"):
				p.Float32()[i] = .7 + .6*rng.Float32()
			case len(v.Type.Shape) == 1:
				p.Float32()[i] = .1 * float32(rng.NormFloat64())
			default:
				p.Float32()[i] = float32(rng.NormFloat64() * 1.4 / sqrt(fan))
			}
		}
		w[v.Name] = p
	}
	if err := nn.Bind(g, w); err != nil {
		t.Fatal(err)
	}
}

func sqrt(n int) float64 {
	x := 1.0
	for range 40 {
		x = (x + float64(n)/x) / 2
	}
	return x
}

// testNet is a registered network with random weights, folded for
// quantization.
func testNet(t testing.TB, name string) *nn.Graph {
	t.Helper()
	g, err := models.Build(name)
	if err != nil {
		t.Fatal(err)
	}
	randomWeights(t, g, 1)
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for b := range g.Pixels[c] {
			g.Pixels[c][b] = (float32(b)/255 - .45) / .23
		}
	}
	folded, err := rewrite.Run(g, rewrite.Quantizable()...)
	if err != nil {
		t.Fatal(err)
	}
	return folded
}

func TestGroups(t *testing.T) {
	var got [][]string
	for _, group := range groups(testNet(t, "resnet8")) {
		var names []string
		for _, v := range group.values {
			names = append(names, v.Name)
		}
		got = append(got, names)
	}
	want := [][]string{
		{"x"}, {"relu"}, {"layer1.0.relu1"}, {"layer1.0.relu2", "layer2.0.shortcut"},
		{"layer2.0.relu1"}, {"layer2.0.relu2", "layer3.0.shortcut"}, {"layer3.0.relu1"}, {"layer3.0.relu2"},
		{"avgpool", "flatten"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// Values that a concatenation joins share one grid with its output and with
// everything that moves their codes.
func TestGroupsConcat(t *testing.T) {
	b := nn.NewBuilder("concat")
	x := b.Input("x", 1, 3, 8, 8)
	l := b.Conv2d("l", x, 4, 3, nn.ConvOpts{Pad: 1})
	r := b.Conv2d("r", x, 4, 1, nn.ConvOpts{})
	p := b.Apply("pad", &nn.Pad{Top: 1}, r)
	c := b.Apply("crop", &nn.Subsample{Stride: 1}, l)
	q := b.Conv2d("q", p, 4, 2, nn.ConvOpts{})
	q = b.Apply("grow", &nn.Pad{Right: 1}, q)
	cat := b.Apply("cat", &nn.Concat{}, c, q)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", cat), 2))
	if err != nil {
		t.Fatal(err)
	}
	ts := groups(g)
	var sources [][]string
	for _, group := range ts {
		var names []string
		for _, v := range group.source {
			names = append(names, v.Name)
		}
		sources = append(sources, names)
	}
	want := [][]string{{"x"}, {"l", "q"}, {"r"}}
	if !reflect.DeepEqual(sources, want) {
		t.Errorf("sources %v, want %v", sources, want)
	}
}

func TestCuts(t *testing.T) {
	g := testNet(t, "resnet8")
	var cuts []string
	for i, n := range g.Nodes {
		if isCut(g, i) {
			cuts = append(cuts, n.Name)
		}
	}
	want := []string{"conv1", "layer1.0.conv2", "layer2.0.conv2", "layer3.0.conv2", "avgpool", "flatten", "linear"}
	if !reflect.DeepEqual(cuts, want) {
		t.Errorf("cuts after %v, want %v", cuts, want)
	}
}

func TestConfigValidate(t *testing.T) {
	ok := Config{Bits: []uint8{4}, Limits: budgets(Budget{Compression, 8})}
	if err := ok.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, damage := range []func(*Config){
		func(c *Config) { c.Bits = nil },
		func(c *Config) { c.Bits = []uint8{1} },
		func(c *Config) { c.Bits = []uint8{4, 4} },
		func(c *Config) { c.ActBits = []uint8{} },
		func(c *Config) { c.ActBits = []uint8{4, 9} },
		func(c *Config) { c.Limits = budgets(Budget{}) },
		func(c *Config) { c.Limits = budgets(Budget{RunTime, 1}) },
		func(c *Config) { c.MaxDrop = -1 },
		func(c *Config) { c.MaxDrop = math.NaN() },
		func(c *Config) { c.Rounding = numRoundings },
		func(c *Config) { c.Positions = -1 },
	} {
		c := ok
		damage(&c)
		if c.Validate() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
