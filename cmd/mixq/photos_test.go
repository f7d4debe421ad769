package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mixq/dataset"
	"mixq/models"
	"mixq/models/safetensors"
	"mixq/nn/train"
)

// photographs writes n images of the procedural set as PNG files with a table,
// and returns the path of the table.
func photographs(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	shapes := dataset.Shapes(1, dataset.Test)
	const plane = 32 * 32
	pixels := make([]uint8, 3*plane)
	var table strings.Builder
	table.WriteString("file,class\n")
	for i := range n {
		label, err := shapes.Image(i, pixels)
		if err != nil {
			t.Fatal(err)
		}
		m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
		for p := range plane {
			m.SetNRGBA(p%32, p/32, color.NRGBA{pixels[p], pixels[plane+p], pixels[2*plane+p], 255})
		}
		name := fmt.Sprintf("%03d.png", i)
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := png.Encode(f, m); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&table, "%s,%d\n", name, label)
	}
	path := filepath.Join(dir, "labels.csv")
	if err := os.WriteFile(path, []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// randomWeights writes weights of resnet8.
func randomWeights(t *testing.T) string {
	t.Helper()
	g, err := models.Build("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := safetensors.Write(path, train.Weights(train.Init(g, 1)), nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPhotographs quantizes and measures on parts of a table of images; the
// file knows how to prepare its images.
func TestPhotographs(t *testing.T) {
	table := photographs(t, 60)
	data := "csv:" + table
	network := filepath.Join(t.TempDir(), "n.mixq")
	base := []string{"--model", "resnet8", "--weights", randomWeights(t), "--data", data}
	quantized := append([]string{"quantize", "--bits", "4,8", "--preprocess", "tensorflow", "--json", "--out", network}, base...)

	var r struct {
		Top1   float64 `json:"quant_top1"`
		Images int     `json:"images"`
	}
	unmarshal(t, run(t, append(quantized, "--calib-rows", "0:24", "--rows", "24:60")...), &r)
	if r.Images != 36 {
		t.Errorf("measured on %d images, want 36", r.Images)
	}
	var a accuracy
	unmarshal(t, run(t, "eval", network, "--data", data, "--rows", "24:60", "--json"), &a)
	if a.Top1 != r.Top1 || a.Images != 36 {
		t.Errorf("eval gives %v %% of %d images, quantize %v %%", a.Top1, a.Images, r.Top1)
	}

	wantError(t, exitFailure, "--calib-rows", quantized...)
	wantError(t, exitFailure, "--calib-rows", append(quantized, "--calib-rows", "0:24")...)
	wantError(t, exitFailure, "--calib-rows", append(quantized, "--calib-rows", "0:24", "--rows", "23:60")...)
	wantError(t, exitFailure, "there are 60 images", append(quantized, "--calib-rows", "0:24", "--rows", "24:61")...)
	wantError(t, exitFailure, "--preprocess", "eval", network, "--data", data, "--preprocess", "torchvision")
	wantError(t, exitUsage, "A:B", append(quantized, "--calib-rows", "5:5")...)

	if err := os.WriteFile(filepath.Join(filepath.Dir(table), "030.png"), []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantError(t, exitFailure, "030.png", "eval", network, "--data", data, "--rows", "24:60")
	code, out, errs := mixq(t.Context(), "eval", network, "--data", data, "--rows", "24:60", "--skip-bad", "--json")
	unmarshal(t, out, &a)
	if code != exitOK || a.Images != 35 || !strings.Contains(errs, "030.png") || !strings.Contains(errs, "1 images left out") {
		t.Errorf("--skip-bad: exit code %d, %d images, standard error %q", code, a.Images, errs)
	}

	// A label that the network does not have, as of sets that count from 1.
	if err := os.WriteFile(table, []byte("file,class\n000.png,10\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantError(t, exitFailure, "class 10", "eval", network, "--data", data)
}
