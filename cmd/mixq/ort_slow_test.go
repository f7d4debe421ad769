//go:build slow

package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mixq/infer"
	"mixq/internal/golden"
	"mixq/models"
	"mixq/models/onnx"
	"mixq/nn"
	"mixq/tensor"
)

// TestRuntimeFloat: ONNX Runtime computes the networks that are written as infer
// does. Random images have all the kinks of real ones.
func TestRuntimeFloat(t *testing.T) {
	for _, name := range []string{"resnet20", "resnet18", "mobilenet_v1_025", "mobilenet_v2", "squeezenet1_1", "googlenet", "inception_v3"} {
		t.Run(name, func(t *testing.T) {
			m, err := models.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			g, err := randomNetwork(m, 1)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), name+".onnx")
			if err := onnx.Write(file, g); err != nil {
				t.Fatal(err)
			}
			x := tensor.New(tensor.Float32, g.Inputs[0].Type.Shape...)
			rng := rand.New(rand.NewPCG(1, 1))
			for i := range x.Float32() {
				x.Float32()[i] = float32(rng.NormFloat64())
			}
			p, err := infer.Compile(g, infer.Options{Mode: infer.Float})
			if err != nil {
				t.Fatal(err)
			}
			e := golden.RelErr(runtimeLogits(t, file, x), logitsOf(t, p, x))
			t.Logf("relative error %.2g", e)
			if e > 1e-4 {
				t.Errorf("relative error %.2g, want at most 1e-4", e)
			}
		})
	}
}

// TestRuntimeQDQ: ONNX Runtime finds the best classes of a quantized network that
// integer execution finds.
func TestRuntimeQDQ(t *testing.T) {
	const images, least = 200, 198
	dir := t.TempDir()
	file, exported := filepath.Join(dir, "n.mixq"), filepath.Join(dir, "n.onnx")
	data := "cifar10:" + golden.CIFAR(t)
	run(t, "quantize", "--model", "resnet20", "--weights", golden.Shared(t, "models", "resnet20-12fca82f.th"), "--data", data, "--calib", "256", "--rows", "0:200", "--out", file)
	run(t, "export", file, exported)

	p, err := infer.Open(file, infer.Options{Batch: images})
	if err != nil {
		t.Fatal(err)
	}
	n := network{}
	if err := n.data.Set(data); err != nil {
		t.Fatal(err)
	}
	test, _, err := n.data.test(images)
	if err != nil {
		t.Fatal(err)
	}
	agree := 0
	for x := range test.All() {
		want, got := logitsOf(t, p, x), runtimeLogits(t, exported, normalised(x, p.Graph().Pixels))
		for i := range x.Shape()[0] {
			if best(want[10*i:10*i+10]) == best(got[10*i:10*i+10]) {
				agree++
			}
		}
	}
	t.Logf("the same best class for %d of %d images", agree, images)
	if agree < least {
		t.Errorf("the same best class for %d of %d images, want at least %d", agree, images, least)
	}
}

// normalised gives images of bytes the real values that the network takes.
func normalised(x *tensor.Tensor, table nn.PixelTable) *tensor.Tensor {
	s := x.Shape()
	y := tensor.New(tensor.Float32, s...)
	for i, b := range x.Uint8() {
		y.Float32()[i] = table[i/(s[2]*s[3])%s[1]][b]
	}
	return y
}

func best(logits []float32) int {
	b := 0
	for i, v := range logits {
		if v > logits[b] {
			b = i
		}
	}
	return b
}

func logitsOf(t *testing.T, p *infer.Program, x *tensor.Tensor) []float32 {
	t.Helper()
	s := p.NewSession()
	defer s.Close()
	out, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), out[0].Float32()...)
}

// runtimeLogits runs images through ONNX Runtime. It skips the test where that is
// not installed.
func runtimeLogits(t *testing.T, model string, x *tensor.Tensor) []float32 {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil || os.Getenv("ORT_HOME") == "" {
		t.Skip("ONNX Runtime is absent: install node, and onnxruntime-node (npm) in the folder that ORT_HOME names")
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, x.Float32()); err != nil {
		t.Fatal(err)
	}
	write(t, in, b.Bytes())
	chw := strings.ReplaceAll(x.Shape()[1:].String(), "x", ",")
	if text, err := exec.Command(node, filepath.Join("testdata", "ort.js"), model, in, chw, out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	raw := read(t, out)
	logits := tensor.New(tensor.Float32, len(raw)/4)
	if err := tensor.EncF32.Decode(logits, 0, raw); err != nil {
		t.Fatal(err)
	}
	return logits.Float32()
}
