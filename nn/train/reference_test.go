//go:build slow

package train

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mixq/autograd"
	"mixq/internal/golden"
	"mixq/models"
	"mixq/models/safetensors"
	"mixq/nn"
	"mixq/tensor"
)

// TestResNet20 compares logits and the gradients of every parameter of
// ResNet-20 with PyTorch's, batch-norm frozen and in training mode. PyTorch runs
// here, in Debian's Python: go test -tags slow.
func TestResNet20(t *testing.T) {
	script := golden.Shared(t, "reference", "torch_reference.py")
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import torch, torchvision").CombinedOutput(); err != nil {
		t.Skipf("PyTorch is absent (%s needs the packages python3-torch and python3-torchvision): %s", python, out)
	}
	dir := t.TempDir()
	if out, err := exec.Command(python, script, "--model", "resnet20", "--grad", "--out", dir).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	read := func(name string) map[string]*tensor.Tensor {
		f, err := safetensors.Read(filepath.Join(dir, name+".safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return f.Tensors
	}
	input, output, grads := read("input"), read("output"), read("grad")
	var labels []int
	for _, l := range input["labels"].Int64() {
		labels = append(labels, int(l))
	}
	g, err := models.Build("resnet20")
	if err != nil {
		t.Fatal(err)
	}
	if err := nn.Bind(g, read("weights")); err != nil {
		t.Fatal(err)
	}
	worst := map[string]float64{} // by what stands before the dot of a name
	near := func(name string, got, want *tensor.Tensor, tol float64) {
		t.Helper()
		e := golden.RelErr(got.Float32(), want.Float32())
		group, _, _ := strings.Cut(name, ".")
		worst[group] = max(worst[group], e)
		if e > tol {
			t.Errorf("%s is off by %.2g, want at most %.0e", name, e, tol)
		}
	}
	for _, mode := range []string{"eval", "train"} {
		tape := autograd.NewTape(2)
		x := tape.Param(input["x"])
		pass, err := Forward(tape, g, []*autograd.Var{x}, Options{Train: mode == "train"})
		if err != nil {
			t.Fatal(err)
		}
		loss := tape.CrossEntropy(pass.Out[0], labels)
		tape.Backward(loss, tensor.FromFloat32([]float32{1}, 1))
		near("loss."+mode, loss.Value, grads["loss."+mode], 1e-5)
		if mode == "eval" {
			near("logits", pass.Out[0].Value, output["logits"], 1e-5)
			near("eval.x", x.Grad, grads["eval.x"], 1e-4)
		}
		n := 0
		for _, v := range g.Params() {
			if want := grads[mode+"."+v.Name]; want != nil {
				near(mode+"."+v.Name, pass.Vars[v].Grad, want, 1e-4)
				n++
			}
		}
		if want := len(g.Params()) - len(statistics(g)); n != want {
			t.Errorf("%d gradients in mode %s were compared, want %d", n, mode, want)
		}
	}
	t.Logf("largest relative errors: %v", worst)
}
