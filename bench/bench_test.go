package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mixq/models"
	"mixq/quantize"
)

// Every committed spec can be read and names a network that exists.
func TestSpecs(t *testing.T) {
	files, err := filepath.Glob("specs/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d specs, %v", len(files), err)
	}
	for _, f := range files {
		s, err := ReadSpec(f)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := models.Build(s.Model); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestReadSpecErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"syntax", `{`, "unexpected EOF"},
		{"unknown field", `{"Modell":"resnet20"}`, "Modell"},
		{"nothing", `{}`, "are needed"},
		{"twice", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Budget":"8x","Bits":[4]},{"Name":"r","Budget":"8x","Bits":[4]}]}`, `"r"`},
		{"comparison", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Budget":"8x","Bits":[4]}],"Compare":{}}`, "comparison"},
		{"bits", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Budget":"8x","Bits":[9]}]}`, "run r"},
		{"wide bits", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Budget":"8x","Bits":[260]}]}`, "260"},
		{"wide activations", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Limits":["bops=9G"],"Bits":[4],"ActBits":[-1]}]}`, "-1"},
		{"limit", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Limits":["bops=9"],"Bits":[4]},{"Name":"s","Limits":["latency=9ms"],"Bits":[4]}]}`, "run s"},
		{"budget", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Budget":"8","Bits":[4]}]}`, `"8"`},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "spec.json")
		if err := os.WriteFile(path, []byte(tt.text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := ReadSpec(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want one with the path and %q", tt.name, err, tt.want)
		}
	}
}

func TestWriteTable(t *testing.T) {
	r := Result{Rows: []Row{
		{Run: "mixed", Report: quantize.Report{Compression: 8, AvgBits: 4, FileBytes: 150000, QuantTop1: 91.5, Drop: .2, KL: .0098, Agreement: 98.25}},
		{Run: "u", Report: quantize.Report{Compression: 10.667}},
	}}
	var b bytes.Buffer
	if err := r.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 4 || strings.Index(lines[1], "8.00x") != strings.Index(lines[0], "compression") ||
		!strings.Contains(lines[1], "0.0098") || !strings.Contains(lines[2], "10.67x") {
		t.Errorf("got\n%s", b.String())
	}
}
