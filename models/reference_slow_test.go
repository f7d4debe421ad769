//go:build slow

package models_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mixq/autograd"
	"mixq/infer"
	"mixq/internal/golden"
	"mixq/models"
	"mixq/models/safetensors"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/nn/train"
	"mixq/tensor"
)

// The networks are compared with PyTorch on random weights and two images.
// Tolerances are relative to the largest value of a tensor; they leave room for
// rounding, which differs by less than 1e-5 in the deepest of them.
const (
	logitTolerance = 1e-4
	childTolerance = 1e-3
	gradTolerance  = 1e-4
	foldTolerance  = 1e-4
)

var references = []struct {
	name string
	args []string // of torch_reference.py
	// overwritten names modules whose recorded output the module after them
	// changed in place.
	overwritten map[string]string
	// merged names modules whose output does not exist after the rewrites.
	merged []string
}{
	{"resnet20", []string{"--model", "resnet20"}, nil, []string{"conv1", "bn1"}},
	{"resnet18", []string{"--model", "resnet18"}, map[string]string{"bn1": "relu"}, []string{"conv1"}},
	{"resnet50", []string{"--model", "resnet50"}, map[string]string{"bn1": "relu"}, []string{"conv1"}},
	{"mobilenet_v1", []string{"--model", "mobilenet_v1", "--width", "1"}, nil, nil},
	{"mobilenet_v1_075", []string{"--model", "mobilenet_v1"}, nil, nil},
	{"mobilenet_v2", []string{"--model", "mobilenet_v2"}, nil, nil},
	{"squeezenet1_1", []string{"--model", "squeezenet1_1"}, nil, nil},
	{"googlenet", []string{"--model", "googlenet"}, nil, nil},
	{"inception_v3", []string{"--model", "inception_v3"}, nil, nil},
}

// TestReference compares logits and the outputs of all top-level modules with
// PyTorch's, before and after the rewrites for deployment.
func TestReference(t *testing.T) {
	for _, ref := range references {
		t.Run(ref.name, func(t *testing.T) {
			dir := pytorch(t, ref.args...)
			m, err := models.Find(ref.name)
			if err != nil {
				t.Fatal(err)
			}
			g, err := m.Load(tensors(t, dir, "weights"))
			if err != nil {
				t.Fatal(err)
			}
			in, want := tensors(t, dir, "input"), tensors(t, dir, "output")
			last := lastValues(g, want, ref.overwritten)
			before := run(t, g, in["x"])
			checkOutputs(t, before, want, last)

			deployed, err := rewrite.Run(g, rewrite.Deploy()...)
			if err != nil {
				t.Fatal(err)
			}
			after := run(t, deployed, in["x"])
			for _, module := range ref.merged {
				delete(last, module)
			}
			checkOutputs(t, after, want, last)
			if e := golden.RelErr(after[logits], before[logits]); e > foldTolerance {
				t.Errorf("the rewrites change the logits by %.2g", e)
			}
		})
	}
}

// TestGradients compares the gradients of all parameters with PyTorch's.
//
// Networks of ReLUs and max-pools have kinks: an input that lies within
// rounding of one gets a gradient from this side or that. PyTorch's float32 and
// float64 gradients of MobileNetV2 on two 224x224 images differ by 0.5 % for
// one ReLU of 12 million. So the images are small, and a network passes if it
// agrees for one of a few seeds: a wrong gradient is wrong for all of them.
func TestGradients(t *testing.T) {
	const seeds, size = 5, 96
	for _, ref := range references {
		t.Run(ref.name, func(t *testing.T) {
			m, err := models.Find(ref.name)
			if err != nil {
				t.Fatal(err)
			}
			m.Input.Size = min(m.Input.Size, size)
			for seed := range seeds {
				dir := pytorch(t, append([]string{"--grad", "--seed", strconv.Itoa(seed), "--size", strconv.Itoa(m.Input.Size)}, ref.args...)...)
				g, err := m.Load(tensors(t, dir, "weights"))
				if err != nil {
					t.Fatal(err)
				}
				param, e := compareGradients(t, g, tensors(t, dir, "input"), tensors(t, dir, "grad"))
				t.Logf("seed %d: largest relative error %.2g, of %s", seed, e, param)
				if e <= gradTolerance {
					return
				}
			}
			t.Errorf("no seed agrees within %.2g", gradTolerance)
		})
	}
}

// pytorch runs torch_reference.py and returns the folder of its files. It skips
// the test where PyTorch is not installed.
func pytorch(t *testing.T, args ...string) (dir string) {
	t.Helper()
	const python = "/usr/bin/python3"
	script := golden.Shared(t, "reference", "torch_reference.py")
	if out, err := exec.Command(python, "-c", "import torch, torchvision").CombinedOutput(); err != nil {
		t.Skipf("PyTorch is absent (%s needs the packages python3-torch and python3-torchvision): %s", python, out)
	}
	dir = t.TempDir()
	args = append([]string{script, "--out", dir}, args...)
	if out, err := exec.Command(python, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return dir
}

func tensors(t *testing.T, dir, name string) map[string]*tensor.Tensor {
	t.Helper()
	f, err := safetensors.Read(filepath.Join(dir, name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return f.Tensors
}

const logits = "logits"

// run returns what every value of g is for the images x, by name, and under
// logits the output.
func run(t *testing.T, g *nn.Graph, x *tensor.Tensor) map[string][]float32 {
	t.Helper()
	values := map[string][]float32{}
	p, err := infer.Compile(g, infer.Options{Batch: x.Shape()[0], Mode: infer.Float,
		Observe: func(_ *nn.Node, v *nn.Value, data []float32) { values[v.Name] = slices.Clone(data) }})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	out, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	values[logits] = out[0].Float32()
	return values
}

// lastValues maps the top-level modules whose outputs are in want to the names
// of the values that their last layers compute. Dropout is not in the graph.
func lastValues(g *nn.Graph, want map[string]*tensor.Tensor, overwritten map[string]string) map[string]string {
	last := map[string]string{}
	for key := range want {
		child, ok := strings.CutPrefix(key, "act.")
		if !ok || child == "dropout" {
			continue
		}
		module := child
		if by := overwritten[child]; by != "" {
			module = by
		}
		last[child] = ""
		for _, n := range g.Nodes {
			if n.Name == module || strings.HasPrefix(n.Name, module+".") {
				last[child] = n.Out[0].Name
			}
		}
	}
	return last
}

func checkOutputs(t *testing.T, got map[string][]float32, want map[string]*tensor.Tensor, last map[string]string) {
	t.Helper()
	e := golden.RelErr(got[logits], want[logits].Float32())
	t.Logf("logits: relative error %.2g", e)
	if e > logitTolerance {
		t.Errorf("logits: relative error %.2g, want at most %.2g", e, logitTolerance)
	}
	for _, child := range slices.Sorted(maps.Keys(last)) {
		if e := golden.RelErr(got[last[child]], want["act."+child].Float32()); e > childTolerance {
			t.Errorf("module %s (value %s): relative error %.2g, want at most %.2g", child, last[child], e, childTolerance)
		}
	}
}

// compareGradients finds the parameter whose gradient of the cross-entropy,
// batch-norm frozen, differs most from PyTorch's.
func compareGradients(t *testing.T, g *nn.Graph, in, want map[string]*tensor.Tensor) (worst string, worstErr float64) {
	t.Helper()
	tape := autograd.NewTape(2)
	pass, err := train.Forward(tape, g, []*autograd.Var{tape.Const(in["x"])}, train.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var labels []int
	for _, l := range in["labels"].Int64() {
		labels = append(labels, int(l))
	}
	loss := tape.CrossEntropy(pass.Out[0], labels)
	tape.Backward(loss, tensor.FromFloat32([]float32{1}, 1))
	if e := golden.RelErr(loss.Value.Float32(), want["loss.eval"].Float32()); e > logitTolerance {
		t.Errorf("loss: relative error %.2g, want at most %.2g", e, logitTolerance)
	}
	compared := 0
	for _, v := range g.Params() {
		grad := pass.Vars[v].Grad
		if grad == nil {
			continue
		}
		compared++
		if want["eval."+v.Name] == nil {
			t.Fatalf("PyTorch has no gradient of %s", v.Name)
		}
		if e := golden.RelErr(grad.Float32(), want["eval."+v.Name].Float32()); e >= worstErr {
			worst, worstErr = v.Name, e
		}
	}
	for key := range want {
		if strings.HasPrefix(key, "eval.") && key != "eval.x" {
			compared--
		}
	}
	if compared != 0 {
		t.Fatalf("%d gradients more than PyTorch's", compared)
	}
	return worst, worstErr
}
