package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mixq/models/safetensors"
)

// TestConvert takes the demo network through all formats and back, and measures
// it and its quantized form as ONNX.
func TestConvert(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	weights := filepath.FromSlash(demoWeights)
	run(t, "convert", "--model", demoModel, weights, at("a.onnx"))
	run(t, "convert", at("a.onnx"), at("b.onnx"))
	run(t, "convert", at("b.onnx"), at("c.pth"))
	run(t, "convert", at("c.pth"), at("d.safetensors"))
	want, err := safetensors.Read(weights)
	if err != nil {
		t.Fatal(err)
	}
	got, err := safetensors.Read(at("d.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Tensors) != len(want.Tensors) {
		t.Errorf("%d tensors, want %d", len(got.Tensors), len(want.Tensors))
	}
	for name, w := range want.Tensors {
		g := got.Tensors[name]
		if g == nil || !g.Shape().Equal(w.Shape()) || g.Float32()[w.Len()-1] != w.Float32()[w.Len()-1] {
			t.Errorf("%s is %v", name, g)
		}
	}

	var float, asONNX accuracy
	images := []string{"--data", demoData, "--limit", "300", "--json"}
	unmarshal(t, run(t, append([]string{"eval", "--model", demoModel, "--weights", weights}, images...)...), &float)
	unmarshal(t, run(t, append([]string{"eval", "--model", at("a.onnx")}, images...)...), &asONNX)
	if float.Top1 != asONNX.Top1 {
		t.Errorf("top-1 %v %%, as ONNX %v %%", float.Top1, asONNX.Top1)
	}
	run(t, "quantize", "--model", at("a.onnx"), "--data", demoData, "--calib", "32", "--bits", "4", "--budget", "1x", "--out", at("e.mixq"))
	run(t, "export", at("e.mixq"), at("e.onnx"))
	var exported, quantized accuracy
	unmarshal(t, run(t, append([]string{"eval", "--model", at("e.onnx")}, images...)...), &exported)
	unmarshal(t, run(t, append([]string{"eval", at("e.mixq")}, images...)...), &quantized)
	if d := exported.Top1 - quantized.Top1; d < -1 || d > 1 {
		t.Errorf("top-1 %v %% in integers, %v %% as exported", quantized.Top1, exported.Top1)
	}
	for _, name := range []string{"a.onnx", "e.onnx"} {
		if list := run(t, "inspect", at(name)); !strings.Contains(list, "layer3.0.conv2  conv2d  64x64x3x3") {
			t.Errorf("%s:\n%s", name, list)
		}
	}
	run(t, "bench", "latency", "--model", at("a.onnx"), "--runs", "1", "--threads", "1")

	for _, tt := range []struct {
		code int
		want string
		args []string
	}{
		{exitFailure, "give --model NAME", []string{"convert", weights, at("f.onnx")}},
		{exitFailure, "want a name that ends in", []string{"convert", weights, at("f.txt")}},
		{exitFailure, "quantized network", []string{"convert", at("e.mixq"), at("f.pth")}},
		{exitFailure, "only .onnx", []string{"export", at("e.mixq"), at("f.pth")}},
		{exitFailure, "no such file", []string{"eval", "--model", at("none.onnx"), "--data", demoData}},
		{exitFailure, "is quantized already", []string{"quantize", "--model", at("e.onnx"), "--data", demoData, "--calib", "32"}},
		{exitUsage, "--model FILE.onnx without", []string{"eval", "--model", at("a.onnx"), "--weights", weights, "--data", demoData}},
		{exitUsage, "--model goes with", []string{"quantize", "--model", at("a.onnx")}},
	} {
		wantError(t, tt.code, tt.want, tt.args...)
	}
}
