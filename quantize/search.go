package quantize

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// SearchResult is the product of Job.Search.
type SearchResult struct {
	Budget Budget  `json:"budget"` // the tightest that was found to do
	Drop   float64 `json:"drop"`   // of top-1 on the validation images, in points
	Images int     `json:"images"` // validated on
	Probes int     `json:"probes"` // networks that were made and measured
}

// DropError says that no bits within Config.Limits meet Config.MaxDrop.
type DropError struct{ Max, Least float64 }

func (e *DropError) Error() string {
	return fmt.Sprintf("quantize: a drop of at most %.4g points is out of reach: with the most bits that are allowed it is %.4g", e.Max, e.Least)
}

// searchSteps is the number of budgets to a bit of average width.
const searchSteps = 8

// Search finds the fewest average bits with which the drop of top-1 on the
// images valid stays within Config.MaxDrop, by bisection over the one table of
// sensitivities, within the limits of Config. It takes for granted that more bits
// do not lose more. Probes
// are written to the file scratch. The result is kept as search.json; if not
// even the most bits will do, the error is a DropError.
func (j *Job) Search(ctx context.Context, sens *SensTable, st *Stats, valid Batches, scratch string) (*SearchResult, error) {
	return product(j.Config.WorkDir, "search", j.meta.Config, func() (*SearchResult, error) {
		fewest, most := sens.averageBits(slices.Min[[]uint8]), sens.averageBits(slices.Max[[]uint8])
		var found *SearchResult
		for probes := 1; ; probes++ {
			at := (fewest + most) / 2
			r, err := j.probe(ctx, at, sens, st, valid, scratch)
			j.Config.Progress(StageSearch, probes, 0)
			_, impossible := errors.AsType[*InfeasibleError](err)
			switch {
			case impossible && at < most: // beside the other limits
				fewest = at + 1
			case err != nil:
				return nil, err
			case r.Drop <= j.Config.MaxDrop:
				found, most = r, at-1
			case at == most && found == nil:
				return nil, &DropError{j.Config.MaxDrop, r.Drop}
			default:
				fewest = at + 1
			}
			if fewest > most {
				found.Probes = probes
				return found, nil
			}
		}
	})
}

// probe measures the network of an average of at/searchSteps bits on valid.
func (j *Job) probe(ctx context.Context, at int, sens *SensTable, st *Stats, valid Batches, scratch string) (*SearchResult, error) {
	b := Budget{AverageBits, float64(at) / searchSteps}
	plan, err := Allocate(ctx, sens, j.Config.Limits.with(b))
	if err != nil {
		return nil, err
	}
	cfg := j.Config
	cfg.WorkDir = "" // which is for the network that is kept
	q, err := j.round(ctx, plan, st, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := Pack(scratch, q, j.meta); err != nil {
		return nil, err
	}
	var r Report
	if err := Verify(ctx, scratch, j.Float, j.Graph, q, valid, j.Config, &r); err != nil {
		return nil, err
	}
	return &SearchResult{Budget: b, Drop: r.Drop, Images: r.Images}, nil
}

// averageBits is the average, rounded up to a step of the search, if every
// layer takes the bits that choose picks of its candidates.
func (t *SensTable) averageBits(choose func([]uint8) uint8) int {
	var bits int64
	for _, l := range t.Layers {
		bits += l.Weights * int64(choose(l.Bits))
	}
	n := t.weights()
	return int((searchSteps*bits + n - 1) / n)
}
