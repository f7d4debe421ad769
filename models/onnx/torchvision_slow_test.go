//go:build slow

package onnx

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"mixq/infer"
	"mixq/internal/golden"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// tolerance is relative to the largest logit; the networks differ from PyTorch's
// by about 1e-6.
const tolerance = 1e-4

// TestTorchvision compares what PyTorch exports with PyTorch: as it is, as it is
// deployed, and written and read again. Networks whose exporter writes other
// nodes at other opsets come at the least and the most that it knows too.
func TestTorchvision(t *testing.T) {
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import torch, torchvision, onnx").CombinedOutput(); err != nil {
		t.Skipf("PyTorch is absent (%s needs the packages python3-torch, python3-torchvision and python3-onnx): %s", python, out)
	}
	for _, tt := range []struct {
		network string
		opsets  []int
	}{
		{"resnet18", []int{13}},
		{"mobilenet_v2", []int{11, 13, 17}},
		{"inception_v3", []int{13}},
		{"googlenet", []int{13}},
		{"squeezenet1_1", []int{13}},
		{"shufflenet_v2_x1_0", []int{11, 13, 17}},
		{"efficientnet_b0", []int{13}},
		{"mobilenet_v3_small", []int{11, 13, 17}},
		{"densenet121", []int{13}},
		{"regnet_y_400mf", []int{13}},
	} {
		for _, opset := range tt.opsets {
			t.Run(tt.network+"/"+strconv.Itoa(opset), func(t *testing.T) {
				dir := t.TempDir()
				script := filepath.Join("testdata", "export.py")
				if out, err := exec.Command(python, script, tt.network, strconv.Itoa(opset), dir).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				g, err := Read(filepath.Join(dir, tt.network+".onnx"))
				if err != nil {
					t.Fatal(err)
				}
				x := tensor.FromFloat32(fileOfFloats(t, dir, "input.bin"), g.Inputs[0].Type.Shape...)
				want := fileOfFloats(t, dir, "output.bin")
				compare := func(form string, g *nn.Graph, err error) {
					if err != nil {
						t.Fatalf("%s: %v", form, err)
					}
					e := golden.RelErr(run(t, g, infer.Float, x), want)
					t.Logf("%s: relative error %.2g", form, e)
					if e > tolerance {
						t.Errorf("%s: relative error %.2g, want at most %v", form, e, tolerance)
					}
				}
				compare("as it is", g, nil)
				deployed, err := rewrite.Run(g, rewrite.Deploy()...)
				compare("deployed", deployed, err)
				b, err := Encode(deployed)
				if err != nil {
					t.Fatal(err)
				}
				again, err := Decode(b)
				compare("written and read", again, err)
			})
		}
	}
}

func fileOfFloats(t *testing.T, dir, name string) []float32 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.New(tensor.Float32, len(b)/4)
	if err := tensor.EncF32.Decode(x, 0, b); err != nil {
		t.Fatal(err)
	}
	return x.Float32()
}
