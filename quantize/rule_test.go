package quantize

import (
	"reflect"
	"strings"
	"testing"

	"mixq/nn"
)

func TestResolve(t *testing.T) {
	g := testNet(t, "resnet8")
	nearest := Nearest
	cfg := Config{Bits: []uint8{8, 2, 4}, ActBits: []uint8{4, 8, 6}, Rules: []Rule{
		{Layer: "layer?.0.conv*", Bits: []uint8{3}},
		{Layer: "layer2.*", Rounding: &nearest},
		{Layer: "linear", Bits: []uint8{8, 6}},
		{Layer: "conv1", Min: 3, ActBits: []uint8{8, 5}},
		{Layer: "layer2.0.conv1", ActBits: []uint8{7}},
		{Layer: "layer3.0.conv1", Bits: []uint8{2, 3, 4, 5}, Min: 3, Max: 4},
	}}
	got, err := Resolve(g, cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Layers: []LayerConfig{
			{"conv1", "x", []uint8{4, 8}, CoordinateDescent},
			{"layer1.0.conv1", "relu", []uint8{3}, CoordinateDescent}, {"layer1.0.conv2", "layer1.0.relu1", []uint8{3}, CoordinateDescent},
			{"layer2.0.conv1", "layer1.0.relu2", []uint8{3}, Nearest}, {"layer2.0.conv2", "layer2.0.relu1", []uint8{3}, Nearest},
			{"layer3.0.conv1", "layer2.0.relu2", []uint8{3, 4}, CoordinateDescent}, {"layer3.0.conv2", "layer3.0.relu1", []uint8{3}, CoordinateDescent},
			{"linear", "avgpool", []uint8{6, 8}, CoordinateDescent},
		},
		Acts: []ActConfig{
			{"x", []uint8{5, 8}}, {"relu", []uint8{4, 6, 8}}, {"layer1.0.relu1", []uint8{4, 6, 8}},
			{"layer1.0.relu2", []uint8{7}}, {"layer2.0.relu1", []uint8{4, 6, 8}}, {"layer2.0.relu2", []uint8{4, 6, 8}},
			{"layer3.0.relu1", []uint8{4, 6, 8}}, {"layer3.0.relu2", []uint8{8}}, // which only the pool reads
			{"avgpool", []uint8{4, 6, 8}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for _, tt := range []struct {
		rule Rule
		want string
	}{
		{Rule{Layer: "fc", Bits: []uint8{4}}, "matches no layer"},
		{Rule{Layer: "conv1", Bits: []uint8{9}}, "9, want 2 to 8"},
		{Rule{Layer: "conv1", ActBits: []uint8{1}}, "1, want 2 to 8"},
		{Rule{Layer: "[", Bits: []uint8{4}}, "syntax"},
		{Rule{Layer: "conv?", Min: 5, Max: 7}, "leaves layer conv1 none of its candidate bits [8 2 4]"},
	} {
		cfg.Rules = []Rule{tt.rule}
		if _, err := Resolve(g, cfg); err == nil || !strings.Contains(err.Error(), `"`+tt.rule.Layer+`"`) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("rule %+v: error %v, want one that quotes the pattern and says %q", tt.rule, err, tt.want)
		}
	}
}

// Without candidates for activations all have 8 bits; with one, all but the
// image.
func TestResolveActs(t *testing.T) {
	for _, bits := range []uint8{0, 8, 4} {
		cfg := Config{Bits: []uint8{4}}
		want := uint8(8)
		if bits > 0 {
			cfg.ActBits, want = []uint8{bits}, bits
		}
		s, err := Resolve(testNet(t, "resnet8"), cfg)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range s.Acts {
			if i == 0 && a.Bits[0] != 8 || i > 0 && a.Bits[0] != want || len(a.Bits) != 1 {
				t.Errorf("%d: %+v", bits, a)
			}
		}
		if s.ChoosesActs() {
			t.Errorf("%d: there is a choice", bits)
		}
	}
}

// A layer whose input stays real is an error that names it.
func TestResolveRealInput(t *testing.T) {
	b := nn.NewBuilder("odd")
	x := b.Linear("first", b.Flatten("flat", b.Input("x", 1, 3, 2, 2)), 4)
	g, err := b.Build(b.Linear("second", b.Apply("softmax", &nn.Softmax{}, x), 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve(g, Config{Bits: []uint8{4}}); err == nil || !strings.Contains(err.Error(), "second: its input softmax") {
		t.Errorf("error %v", err)
	}
}

func TestParseRule(t *testing.T) {
	nearest := Nearest
	for _, tt := range []struct {
		in   string
		want Rule
	}{
		{"fc:min=3", Rule{Layer: "fc", Min: 3}},
		{"conv1:bits=8", Rule{Layer: "conv1", Bits: []uint8{8}}},
		{"layer1.*:bits=3/4/6,max=4,act=8,rounding=nearest", Rule{Layer: "layer1.*", Bits: []uint8{3, 4, 6}, Max: 4, ActBits: []uint8{8}, Rounding: &nearest}},
		{"/conv1/Conv:0:min=4", Rule{Layer: "/conv1/Conv:0", Min: 4}},
	} {
		got, err := ParseRule(tt.in)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("ParseRule(%q) = %+v, %v, want %+v", tt.in, got, err, tt.want)
		}
	}
	for in, want := range map[string]string{
		"fc":                  "want GLOB:KEY=VALUE",
		"linear=4,6,8":        "want GLOB:KEY=VALUE",
		":min=3":              "want GLOB:KEY=VALUE",
		"fc:":                 `"" is no setting; want such as bits=4/6/8, min=3, max=6, act=6/8, rounding=nearest`,
		"fc:width=3":          `"width=3" is no setting`,
		"fc:min":              `min: "" is not a bit-width`,
		"fc:min=3/4":          `min: "3/4" is not a bit-width`,
		"fc:min=9":            "min: 9, want 2 to 8",
		"fc:bits=4/4":         "bits: 4 is given twice",
		"fc:bits=3,4":         `"4" is no setting`,
		"fc:act=16":           "act: 16, want 2 to 8",
		"fc:rounding=upwards": "upwards",
	} {
		if r, err := ParseRule(in); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"`+in+`"`) {
			t.Errorf("ParseRule(%q) = %+v, error %v, want one with %q", in, r, err, want)
		}
	}
}

func TestParseTie(t *testing.T) {
	for in, want := range map[string]Tie{"layer1.*": {Layers: "layer1.*"}, "conv?:act": {"conv?", true}, "a:b": {Layers: "a:b"}} {
		got, err := ParseTie(in)
		if err != nil || got != want || got.String() != in {
			t.Errorf("ParseTie(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", ":act", "["} {
		if got, err := ParseTie(in); err == nil || !strings.Contains(err.Error(), `"`+in+`"`) {
			t.Errorf("ParseTie(%q) = %+v, %v, want an error that quotes it", in, got, err)
		}
	}
}

// Restricting a table to what rules leave is measuring with the rules.
func TestRestrict(t *testing.T) {
	table := &SensTable{
		Layers: []LayerSens{{Layer: "a", Input: "u", Bits: []uint8{2, 4, 8}, Sensitivity: []float64{5, 3, 1}}, {Layer: "b", Input: "x", Bits: []uint8{2, 4}, Sensitivity: []float64{9, 7}}, {Layer: "c", Bits: []uint8{4}}},
		Acts:   []ActSens{{Value: "x", Bits: []uint8{8}}, {Value: "u", Bits: []uint8{4, 8}, Sensitivity: []float64{2, 1}}},
	}
	got, err := table.Restrict([]Rule{{Layer: "a", Min: 3, ActBits: []uint8{4}}, {Layer: "b", Bits: []uint8{2}, ActBits: []uint8{8}}})
	if err != nil {
		t.Fatal(err)
	}
	want := &SensTable{
		Layers: []LayerSens{{Layer: "a", Input: "u", Bits: []uint8{4, 8}, Sensitivity: []float64{3, 1}}, {Layer: "b", Input: "x", Bits: []uint8{2}, Sensitivity: []float64{9}}, {Layer: "c", Bits: []uint8{4}}},
		Acts:   []ActSens{{Value: "x", Bits: []uint8{8}}, {Value: "u", Bits: []uint8{4}, Sensitivity: []float64{2}}},
	}
	if !reflect.DeepEqual(got, want) || len(table.Layers[0].Bits) != 3 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	nearest := Nearest
	for _, tt := range []struct {
		rule Rule
		want string
	}{
		{Rule{Layer: "a", Bits: []uint8{3}}, "layer a was not measured at 3 bits, only at [2 4 8]"},
		{Rule{Layer: "b", ActBits: []uint8{6, 8}}, "activation x was not measured at 6 bits"},
		{Rule{Layer: "c", ActBits: []uint8{8}}, "the input of layer c is not known"},
		{Rule{Layer: "a", Rounding: &nearest}, "rounding cannot be changed"},
		{Rule{Layer: "d", Min: 3}, "matches no layer"},
	} {
		if _, err := table.Restrict([]Rule{tt.rule}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want one with %q", tt.rule, err, tt.want)
		}
	}
}
