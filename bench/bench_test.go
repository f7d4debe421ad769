package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mixq/models"
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
		{"twice", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Budget":"8x","Bits":[4]},{"Name":"r","Budget":"8x","Bits":[4]}]}`, `"r"`},
		{"seeds", `{"Name":"a","Model":"m","Calib":1,"Runs":[{"Name":"r","Budget":"8x","Bits":[4]}]}`, "seeds"},
		{"rows", `{"Name":"a","Model":"m","Calib":1,"Rows":[5,5],"Seeds":[1],"Runs":[{"Name":"r","Budget":"8x","Bits":[4]}]}`, "rows [5 5]"},
		{"against", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Against":"s","Budget":"8x","Bits":[4]}]}`, `no run "s"`},
		{"tune", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Tune":-1,"Budget":"8x","Bits":[4]}]}`, "tune on -1"},
		{"grid", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Grids":[{"Name":"r","Budgets":["8x"],"Bits":[1]}]}`, "run r, 8x"},
		{"comparison without budget", `{"Name":"a","Model":"m","Calib":1,"Compare":{"Metrics":["mse"],"Seeds":[1],"Images":1,"Bits":[4]}}`, "a budget"},
		{"comparison of many bits", `{"Name":"a","Model":"m","Calib":1,"Compare":{"Metrics":["mse"],"Seeds":[1],"Images":1,"Bits":[8],"Budget":"8x"}}`, "[8]"},
		{"comparison", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Budget":"8x","Bits":[4]}],"Compare":{}}`, "comparison"},
		{"bits", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Budget":"8x","Bits":[9]}]}`, "run r"},
		{"wide bits", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Budget":"8x","Bits":[260]}]}`, "260"},
		{"wide activations", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Limits":["bops=9G"],"Bits":[4],"ActBits":[-1]}]}`, "-1"},
		{"limit", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Limits":["bops=9"],"Bits":[4]},{"Name":"s","Limits":["latency=9ms"],"Bits":[4]}]}`, "run s"},
		{"budget", `{"Name":"a","Model":"m","Calib":1,"Seeds":[1],"Runs":[{"Name":"r","Budget":"8","Bits":[4]}]}`, `"8"`},
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
