package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"mixq/quantize"
)

// Spec is an experiment: one network, one calibration set, several runs, and a
// comparison of metrics.
type Spec struct {
	Name  string
	Model string // a name of models.Build
	Calib int    // calibration images
	Seed  uint64
	Runs  []Run

	Compare *Comparison // of sensitivity metrics; may be nil
}

// Run is one quantization of the network of a Spec.
type Run struct {
	Name     string
	Budget   quantize.Budget   `json:",omitzero"`
	Limits   []quantize.Budget `json:",omitempty"` // besides Budget, such as "bops=1.2G"
	Bits     []int             // candidate bit-widths of weights (numbers, since JSON would write bytes as text)
	ActBits  []int             `json:",omitempty"` // of activations; none means 8
	Metric   quantize.Metric
	Rounding quantize.Rounding
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
	if s.Name == "" || s.Model == "" || s.Calib < 1 || len(s.Runs) == 0 {
		return errors.New("name, model, calib and at least one run are needed")
	}
	if s.Compare != nil {
		if err := s.Compare.validate(); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, r := range s.Runs {
		if r.Name == "" || seen[r.Name] {
			return fmt.Errorf("runs need names of their own, %q is none", r.Name)
		}
		seen[r.Name] = true
		if _, err := r.config(s.Seed); err != nil {
			return fmt.Errorf("run %s: %w", r.Name, err)
		}
	}
	return nil
}

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
