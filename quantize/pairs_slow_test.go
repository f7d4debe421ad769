//go:build slow

package quantize

import (
	"os"
	"path/filepath"
	"testing"

	"mixq/models"
	"mixq/models/torchfile"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// trained is ResNet-20 with its published weights, and the first n images of
// CIFAR-10; without the folder that has them the test is skipped.
func trained(t *testing.T, n int) (*nn.Graph, imageSet) {
	t.Helper()
	dir := os.Getenv("MIXQ_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	w, err := torchfile.Read(filepath.Join(dir, "models", "resnet20-12fca82f.th"))
	if os.IsNotExist(err) {
		t.Skip("no trained network: set MIXQ_SHARED to the folder that holds models/resnet20-12fca82f.th")
	}
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "data", "cifar-10-batches-bin", "data_batch_1.bin"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Find("resnet20")
	if err != nil {
		t.Fatal(err)
	}
	g, err := m.Load(w)
	if err != nil {
		t.Fatal(err)
	}
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for b := range g.Pixels[c] {
			g.Pixels[c][b] = float32((float64(b)/255 - m.Input.Mean[c]) / m.Input.Std[c])
		}
	}
	if g, err = rewrite.Run(g, rewrite.Quantizable()...); err != nil {
		t.Fatal(err)
	}
	x := tensor.New(tensor.Uint8, n, 3, 32, 32)
	for i := range n {
		copy(x.Uint8()[i*3072:][:3072], raw[i*3073+1:])
	}
	return g, imageSet{images: x}
}

// On a trained network as well the interactions of the gradients are those that
// forward passes measure.
func TestPairsOfATrainedNetwork(t *testing.T) {
	g, s := trained(t, 16)
	if r := pairsCorrelation(t, g, s, 5, 64); r < .9 {
		t.Errorf("correlation %v with measured interactions", r)
	}
}
