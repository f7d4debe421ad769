package quantize

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"mixq/infer"
	"mixq/infer/artifact"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// Job is a network made ready for quantization, with its settings resolved and
// its calibration images in memory. Its methods are the steps whose products
// are kept in Config.WorkDir.
type Job struct {
	Graph *nn.Graph // folded and fused, with a bias everywhere; what is quantized
	Float *nn.Graph // as Graph was before Equalize: what results are measured against
	Settings
	Images *tensor.Tensor
	Labels []int  // of the images; read only by metrics that want them
	Config Config // defaults filled in

	meta       artifact.Meta
	sens       *SensTable     // without sensitivities
	curvatures curvaturesFunc // nil before a network is rounded
	equalized  Equalized
}

// Prepare folds and fuses g, applies the rules and reads the calibration
// images. It fails on settings that cannot work before any time is spent,
// among them budgets that no allocation can meet.
func Prepare(g *nn.Graph, calib Batches, cfg Config) (*Job, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 || g.Pixels == nil {
		return nil, fmt.Errorf("quantize: %s must have one image input with a pixel table and one output", g.Name)
	}
	for _, n := range g.Nodes {
		if n.Op.Kind() == nn.KindQuantize {
			return nil, fmt.Errorf("quantize: %s is quantized already, at %s; take the network that it was made from", g.Name, n.Name)
		}
	}
	for _, v := range g.Params() {
		if v.Data == nil {
			return nil, fmt.Errorf("quantize: %s has no weights for %s; bind them first", g.Name, v.Name)
		}
	}
	j := &Job{Config: cfg.withDefaults()}
	var err error
	if j.Graph, err = rewrite.Run(g, rewrite.Quantizable()...); err != nil {
		return nil, err
	}
	j.Float = j.Graph
	if err := checkLayers(j.Graph); err != nil {
		return nil, err
	}
	if j.Settings, err = Resolve(j.Graph, cfg); err != nil {
		return nil, err
	}
	if err := j.Settings.check(cfg.Metric); err != nil {
		return nil, err
	}
	s, err := collect(calib, j.Graph)
	if err != nil {
		return nil, err
	}
	if err := s.check(j.Graph, cfg.Metric); err != nil {
		return nil, err
	}
	j.Images, j.Labels = s.images, s.labels
	j.Config.Positions = orDefault(cfg.Positions, defaultPositions(j.Images.Shape()[0]))
	j.meta = meta(j.Config, fingerprint(j.Graph, s, j.Config, true))
	if err := j.describe(); err != nil {
		return nil, err
	}
	// Background: at most seconds.
	return j, cfg.Limits.feasible(context.Background(), j.sens)
}

// describe makes the table without sensitivities.
func (j *Job) describe() error {
	q, err := skeleton(j.Graph)
	if err != nil {
		return err
	}
	j.sens = describe(j.Graph, j.Settings)
	j.sens.Works = Works(q)
	if j.sens.Memory, err = infer.ActivationBytes(q, infer.Integer); err != nil {
		return err
	}
	j.sens.Overhead, err = overhead(q, j.meta)
	return err
}

// checkLayers rejects what integer execution cannot run.
func checkLayers(g *nn.Graph) error {
	for _, n := range g.Nodes {
		if o, ok := n.Operands(); ok && o.X.Data != nil {
			return errors.New("quantize: " + n.Name + ": the input of a layer must not be a constant")
		}
	}
	return nil
}

// Calibrate is the function of that name, kept as stats.json.
func (j *Job) Calibrate(ctx context.Context) (*Stats, error) {
	return product(j.Config.WorkDir, "stats", j.inputs(), func() (*Stats, error) {
		return Calibrate(ctx, j.Graph, j.Acts, j.Images, j.Config)
	})
}

// Sensitivity is the function of that name, kept as sens.json.
func (j *Job) Sensitivity(ctx context.Context, st *Stats) (*SensTable, error) {
	return product(j.Config.WorkDir, "sens", j.inputs(), func() (*SensTable, error) {
		t, err := Sensitivity(ctx, j.Graph, j.Settings, st, j.Images, j.Labels, j.Config)
		if t != nil {
			t.Overhead, t.Memory, t.Works = j.sens.Overhead, j.sens.Memory, j.sens.Works
		}
		return t, err
	})
}

// Allocate is the function of that name, kept as plan.json.
func (j *Job) Allocate(ctx context.Context, sens *SensTable) (*Plan, error) {
	return product(j.Config.WorkDir, "plan", j.meta.Config, func() (*Plan, error) {
		defer j.Config.Progress(StageAllocate, 1, 1)
		return Allocate(ctx, sens, j.Config.Limits)
	})
}

// Round is the function of that name, followed by Reestimate if the
// configuration asks for it.
func (j *Job) Round(ctx context.Context, plan *Plan, st *Stats) (*nn.Graph, error) {
	q, err := j.round(ctx, plan, st, j.Config)
	if err == nil && j.Config.ReestimateBN {
		err = Reestimate(ctx, j.Graph, q, j.Images, j.Config)
	}
	return q, err
}

// round is Round. Curvatures are measured once, for all networks that a search
// looks at.
func (j *Job) round(ctx context.Context, plan *Plan, st *Stats, cfg Config) (*nn.Graph, error) {
	if j.curvatures == nil {
		j.curvatures = lazyCurvatures(j.Graph, j.Layers, j.Images, cfg)
	}
	return round(ctx, j.Graph, j.Layers, plan, st, j.Images, j.curvatures, cfg)
}

// Tune is the function of that name, on images whose labels are not read. They
// become part of what the file says it was made from.
func (j *Job) Tune(ctx context.Context, q *nn.Graph, images Batches) error {
	s, err := collect(images, j.Graph)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte(j.meta.Config), s.images.Uint8()...))
	j.meta.Config = hex.EncodeToString(sum[:16])
	return Tune(ctx, j.Graph, q, s.images, j.Config)
}

// inputs identifies everything that products before the plan depend on.
func (j *Job) inputs() string {
	return fingerprint(j.Graph, imageSet{j.Images, j.Labels}, j.Config, false)
}
