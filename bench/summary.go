package bench

import (
	"fmt"
	"slices"

	"mixq/quantize"
)

// runSummary is what came of a run over all seeds.
type runSummary struct {
	run     Run
	rows    []Row
	against []Row // of the run that it is compared with, for the same seeds; empty if there is none
}

// runSummaries are those of runs that have rows, in the order of the spec.
func (r *Result) runSummaries() (out []runSummary) {
	for _, run := range r.Spec.runs() {
		s := runSummary{run: run}
		for _, row := range r.Rows {
			if row.Run == run.Name {
				s.rows = append(s.rows, row)
				if other := r.row(Run{Name: run.Against}, row.Seed); other != nil {
					s.against = append(s.against, *other)
				}
			}
		}
		if len(s.rows) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// figure is a figure of the rows.
func (s runSummary) figure(format string, value func(quantize.Report) float64) string {
	var x []float64
	for _, row := range s.rows {
		x = append(x, value(row.Report))
	}
	return spread(format, x)
}

// ratio is the KL by that of the run that it is compared with, from seed to seed.
func (s runSummary) ratio() string {
	if len(s.against) < len(s.rows) {
		return "-"
	}
	var x []float64
	for i, row := range s.rows {
		x = append(x, row.Report.KL/s.against[i].Report.KL)
	}
	return spread("%.2f", x) + " of " + s.run.Against
}

// metricSummary is what came of a metric over all seeds.
type metricSummary struct {
	metric quantize.Metric
	rows   []MetricRow
}

// metricSummaries are in the order in which the metrics appear.
func (r *Result) metricSummaries() (out []metricSummary) {
	for _, row := range r.Metrics {
		i := slices.IndexFunc(out, func(s metricSummary) bool { return s.metric == row.Metric })
		if i < 0 {
			i = len(out)
			out = append(out, metricSummary{metric: row.Metric})
		}
		out[i].rows = append(out[i].rows, row)
	}
	return out
}

// figure is a figure of the rows.
func (s metricSummary) figure(format string, value func(MetricRow) float64) string {
	var x []float64
	for _, row := range s.rows {
		x = append(x, value(row))
	}
	return spread(format, x)
}

// spread writes the median of x, and its least and most if they look different.
func spread(format string, x []float64) string {
	x = slices.Sorted(slices.Values(x))
	low, high := fmt.Sprintf(format, x[0]), fmt.Sprintf(format, x[len(x)-1])
	if low == high {
		return low
	}
	return fmt.Sprintf(format+" (%s to %s)", quantile(x, .5), low, high)
}
