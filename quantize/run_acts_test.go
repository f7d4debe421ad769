package quantize

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mixq/models"
)

// resnet8Memory is what the activations of resnet8 take: input, residual and output
// of its second block as codes, and real logits.
const resnet8Memory = 3*16*32*32 + 4*10

// actConfig is runConfig with a choice of activations, and a budget of BOPs that
// makes it matter.
func actConfig(threads int) Config {
	cfg := runConfig(threads)
	cfg.ActBits = []uint8{8, 4, 6}
	cfg.Limits = budgets(Budget{Compression, 6}, Budget{BOPsCompression, 50})
	cfg.Rules = []Rule{{Layer: "layer3.0.conv1", ActBits: []uint8{5}}}
	return cfg
}

// A run that chooses bits of activations keeps to both budgets, and its file, in
// integer arithmetic, to its simulation.
func TestRunActs(t *testing.T) {
	var files [2][]byte
	var reports [2]*Report
	cfg := actConfig(1)
	for i := range files {
		cfg.Threads = 1 + i
		cfg.WorkDir = filepath.Join(t.TempDir(), "work")
		out := filepath.Join(t.TempDir(), "net.mixq")
		r, err := Run(context.Background(), runNet(t), runData(), cfg, out)
		if err != nil {
			t.Fatal(err)
		}
		files[i], _ = os.ReadFile(out)
		r.Seconds = Seconds{}
		reports[i] = r
	}
	if !bytes.Equal(files[0], files[1]) || !reflect.DeepEqual(reports[0], reports[1]) {
		t.Error("two threads write another file")
	}
	r := reports[0]
	macs := float64(runNet(t).MACs())
	if r.Compression < 6 || float64(r.BOPs) > 1024*macs/50 || float64(r.BOPs) < .97*1024*macs/50 || r.LayerError > 1 {
		t.Errorf("compression %v, %d BOPs of %v, layer error %d", r.Compression, r.BOPs, 1024*macs/50, r.LayerError)
	}
	if r.InputBits["conv1"] != 8 || r.InputBits["layer3.0.conv1"] != 5 || r.ActBits["layer2.0.relu2"] != 5 || len(r.ActBits) != 9 ||
		!(r.AvgActBits > 4 && r.AvgActBits < 8) || r.ActivationBytes != resnet8Memory {
		t.Errorf("bits of inputs %v, of values %v, %v on average, %d bytes", r.InputBits, r.ActBits, r.AvgActBits, r.ActivationBytes)
	}
	var plan saved[Plan]
	b, err := os.ReadFile(filepath.Join(cfg.WorkDir, "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &plan); err != nil {
		t.Fatal(err)
	}
	if p := plan.Product; p.BOPs != r.BOPs || p.Budgets[1].Used != r.BOPs || p.Memory != r.ActivationBytes {
		t.Errorf("plan %+v, report has %d BOPs", p, r.BOPs)
	}
}

// With one width for activations all have it, and the image if a rule says so, and
// layers keep to their simulation.
func TestRunNarrowActs(t *testing.T) {
	for _, bits := range []uint8{2, 5} {
		cfg := runConfig(2)
		cfg.ActBits, cfg.Rounding = []uint8{bits}, Nearest
		cfg.Rules = []Rule{{Layer: "conv1", ActBits: []uint8{6}}}
		r, err := Run(context.Background(), runNet(t), runData(), cfg, filepath.Join(t.TempDir(), "net.mixq"))
		if err != nil {
			t.Fatal(err)
		}
		for v, b := range r.ActBits {
			if want := map[bool]uint8{true: 6, false: bits}[v == "x"]; b != want {
				t.Errorf("%s has %d bits, want %d", v, b, want)
			}
		}
		if r.LayerError > 1 {
			t.Errorf("%d bits: layer error %d", bits, r.LayerError)
		}
	}
}

// What cannot be measured is an error before any time is spent.
func TestActsErrors(t *testing.T) {
	cfg := actConfig(1)
	cfg.Metric = WeightMSE
	if _, err := Prepare(runNet(t), noise(40, 40, 1), cfg); err == nil || !strings.Contains(err.Error(), "metric mse does not measure activations") || !strings.Contains(err.Error(), "fisher, fisher-pairs, random-logit, labelled") {
		t.Errorf("error %v", err)
	}
	j, err := Prepare(runNet(t), noise(40, 40, 1), actConfig(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Sensitivity(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "calibration") {
		t.Errorf("without statistics: error %v", err)
	}
	cfg = actConfig(1)
	cfg.Limits = budgets(Budget{BOPsCompression, 200}, Budget{Compression, 6})
	if _, err := Prepare(runNet(t), noise(40, 40, 1), cfg); err == nil || !strings.Contains(err.Error(), "budgets bops=200x, 6x are impossible together") {
		t.Errorf("error %v", err)
	}
}

// Without a choice of activations nothing is measured of them.
func TestSensitivityWithoutActs(t *testing.T) {
	j, err := Prepare(runNet(t), noise(40, 40, 1), runConfig(2))
	if err != nil {
		t.Fatal(err)
	}
	sens, err := j.Sensitivity(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range sens.Acts {
		if a.Sensitivity != nil || len(a.Bits) != 1 {
			t.Errorf("%+v", a)
		}
	}
	if g, err := models.Build("resnet8"); err != nil || sens.Memory != resnet8Memory || sens.Layers[0].MACs != g.Nodes[0].MACs() {
		t.Errorf("memory %d, work of the first layer %d (%v)", sens.Memory, sens.Layers[0].MACs, err)
	}
}
