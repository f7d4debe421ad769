package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"mixq/quantize"
)

// Spec is an experiment: one network and its images, several runs from several
// seeds, and a comparison of metrics.
type Spec struct {
	Name    string
	Model   string // a name of models.Build
	Weights string `json:",omitempty"` // name of their file, without folders
	Images
	Seeds []uint64 `json:",omitempty"` // of all random choices; every run is made with each
	Runs  []Run    `json:",omitempty"`
	Grids []Grid   `json:",omitempty"` // of more runs, after those

	Compare *Comparison `json:",omitempty"` // of sensitivity metrics
}

// Images say which images of a set serve what.
type Images struct {
	Data      string `json:",omitempty"` // kind of the set, such as "cifar10"
	Calib     int    // images to calibrate on
	CalibRows [2]int `json:",omitzero"`  // those that they are chosen from, up to the second number without it; zero means all
	Rows      [2]int `json:",omitzero"`  // images to evaluate on, likewise
	Crops     int    `json:",omitempty"` // random crops of each image to calibrate on besides
}

// Run is one quantization of the network of a Spec.
type Run struct {
	Name     string            `json:",omitempty"`
	Against  string            `json:",omitempty"` // the run that its KL is compared with
	Budget   quantize.Budget   `json:",omitzero"`
	Limits   []quantize.Budget `json:",omitempty"` // besides Budget, such as "bops=1.2G"
	Bits     []int             // candidate bit-widths of weights (numbers, since JSON would write bytes as text)
	ActBits  []int             `json:",omitempty"` // of activations; none means 8
	Metric   quantize.Metric
	Rounding quantize.Rounding
	Tune     int `json:",omitempty"` // images to tune on (quantize.Tune)
}

// ReadSpec reads and checks a spec file; unknown fields are errors.
func ReadSpec(path string) (*Spec, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	var s Spec
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", path, err)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", path, err)
	}
	return &s, nil
}

// Validate checks that the spec names everything and that its runs can be
// configured.
func (s *Spec) Validate() error {
	runs := s.runs()
	switch {
	case s.Name == "" || s.Model == "" || s.Calib < 1 || len(runs) == 0 && s.Compare == nil:
		return errors.New("name, model, calib and at least one run or a comparison are needed")
	case len(runs) > 0 && len(s.Seeds) == 0:
		return errors.New("runs need at least one of seeds")
	}
	if err := s.Images.validate(); err != nil {
		return err
	}
	if s.Compare != nil {
		if err := s.Compare.validate(); err != nil {
			return err
		}
	}
	return validateRuns(runs)
}

func (m Images) validate() error {
	for _, rows := range [][2]int{m.CalibRows, m.Rows} {
		if rows != [2]int{} && (rows[0] < 0 || rows[1] <= rows[0]) {
			return fmt.Errorf("rows %v, want two numbers from 0, the second larger", rows)
		}
	}
	return nil
}

// validateRuns checks that runs have names of their own and can be configured.
func validateRuns(runs []Run) error {
	seen := map[string]bool{}
	for _, r := range runs {
		if r.Name == "" || seen[r.Name] {
			return fmt.Errorf("runs need names of their own, %q is none", r.Name)
		}
		seen[r.Name] = true
		if r.Tune < 0 {
			return fmt.Errorf("run %s: tune on %d images, want 0 or more", r.Name, r.Tune)
		}
		if _, err := r.config(0); err != nil {
			return fmt.Errorf("run %s: %w", r.Name, err)
		}
	}
	for _, r := range runs {
		if r.Against != "" && !seen[r.Against] {
			return fmt.Errorf("run %s: there is no run %q to compare it with", r.Name, r.Against)
		}
	}
	return nil
}

// config is the configuration of a run. What a run can say besides is a field of
// Run and a line here.
func (r Run) config(seed uint64) (cfg quantize.Config, err error) {
	cfg = quantize.Config{Metric: r.Metric, Rounding: r.Rounding, Seed: seed}
	if r.Budget.Kind != 0 {
		cfg.Limits.Budgets = append(cfg.Limits.Budgets, r.Budget)
	}
	cfg.Limits.Budgets = append(cfg.Limits.Budgets, r.Limits...)
	if cfg.Bits, err = widths(r.Bits); err != nil {
		return cfg, err
	}
	if cfg.ActBits, err = widths(r.ActBits); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}

func widths(bits []int) (out []uint8, err error) {
	for _, b := range bits {
		if b < 0 || b > 255 {
			return nil, fmt.Errorf("bit-width %d, want 2 to 8", b)
		}
		out = append(out, uint8(b))
	}
	return out, nil
}
