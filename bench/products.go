package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"mixq/quantize"
)

// products are the statistics and sensitivities that runs of one seed share if
// they differ in their budgets only.
type products struct {
	dir     string
	made    bool
	seconds quantize.Seconds // that making them took
}

// products are those that a run may take up. A plan that is among them is of an
// earlier run.
func (e *executor) products(r Run, seed uint64) (*products, error) {
	r.Name, r.Against, r.Budget, r.Limits, r.Tune = "", "", quantize.Budget{}, nil, 0
	key, err := json.Marshal(struct {
		Seed uint64
		Run  Run
	}{seed, r})
	if err != nil {
		return nil, err
	}
	p := e.work[string(key)]
	if p == nil {
		p = &products{dir: filepath.Join(e.dir, fmt.Sprint(len(e.work)))}
		e.work[string(key)] = p
		return p, nil
	}
	if err := os.Remove(filepath.Join(p.dir, "plan.json")); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return p, nil
}

// charge makes the seconds of a run what they would be had it made the products
// itself.
func (p *products) charge(s *quantize.Seconds) {
	if !p.made {
		p.made, p.seconds = true, *s
		return
	}
	s.Total += p.seconds.Calibrate + p.seconds.Sensitivity - s.Calibrate - s.Sensitivity
	s.Calibrate, s.Sensitivity = p.seconds.Calibrate, p.seconds.Sensitivity
}
