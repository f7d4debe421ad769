package bench

import (
	"fmt"
	"io"
	"text/tabwriter"

	"mixq/quantize"
)

// column is a column of a table of rows of type T.
type column[T any] struct {
	head  string
	value func(T) string
}

// runColumns are those of the runs.
var runColumns = []column[runSummary]{
	{"run", func(s runSummary) string { return s.run.Name }},
	figureColumn("compression", "%.2fx", func(r quantize.Report) float64 { return r.Compression }),
	figureColumn("bits", "%.2f", func(r quantize.Report) float64 { return r.AvgBits }),
	figureColumn("act bits", "%.2f", func(r quantize.Report) float64 { return r.AvgActBits }),
	figureColumn("GBOPs", "%.3f", func(r quantize.Report) float64 { return float64(r.BOPs) / 1e9 }),
	figureColumn("file kB", "%.1f", func(r quantize.Report) float64 { return float64(r.FileBytes) / 1e3 }),
	figureColumn("top-1 %", "%.2f", func(r quantize.Report) float64 { return r.QuantTop1 }),
	figureColumn("drop", "%.2f", func(r quantize.Report) float64 { return r.Drop }),
	figureColumn("KL", "%.4f", func(r quantize.Report) float64 { return r.KL }),
	{"KL ratio", runSummary.ratio},
	figureColumn("agreement %", "%.2f", func(r quantize.Report) float64 { return r.Agreement }),
	figureColumn("seconds", "%.0f", func(r quantize.Report) float64 { return r.Seconds.Total }),
}

func figureColumn(head, format string, value func(quantize.Report) float64) column[runSummary] {
	return column[runSummary]{head, func(s runSummary) string { return s.figure(format, value) }}
}

// metricColumns are those of the comparison of metrics.
func (c *Comparison) metricColumns() []column[metricSummary] {
	number := func(head, format string, value func(MetricRow) float64) column[metricSummary] {
		return column[metricSummary]{head, func(s metricSummary) string { return s.figure(format, value) }}
	}
	cols := []column[metricSummary]{
		{"metric", func(s metricSummary) string { return s.metric.String() }},
		number("Spearman, all", "%.3f", func(r MetricRow) float64 { return r.All }),
		number("across layers", "%.3f", MetricRow.across),
	}
	for i, bits := range c.fixed() {
		cols = append(cols, number(fmt.Sprintf("at %d bits", bits), "%.3f", func(r MetricRow) float64 { return r.Across[i] }))
	}
	return append(cols,
		number("excess", "%.3f", func(r MetricRow) float64 { return r.Excess }),
		number("seconds", "%.1f", func(r MetricRow) float64 { return r.Seconds }),
		number("CPU s", "%.1f", func(r MetricRow) float64 { return r.CPU }))
}

// tableWriter writes a table whose first row is its head.
type tableWriter func(w io.Writer, rows [][]string) error

// cells are the texts of a table.
func cells[T any](columns []column[T], rows []T) [][]string {
	out := make([][]string, len(rows)+1)
	for _, c := range columns {
		out[0] = append(out[0], c.head)
		for i, r := range rows {
			out[i+1] = append(out[i+1], c.value(r))
		}
	}
	return out
}

// WriteTable prints aligned tables, of the runs and of the metrics: medians over
// the seeds and, in parentheses, the least and the most.
func (r *Result) WriteTable(w io.Writer) error { return r.writeTables(w, alignedTable) }

// writeTables writes the tables that there are, with an empty line between them.
func (r *Result) writeTables(w io.Writer, write tableWriter) error {
	if len(r.Rows) > 0 {
		if err := write(w, cells(runColumns, r.runSummaries())); err != nil {
			return err
		}
	}
	if len(r.Metrics) == 0 {
		return nil
	}
	if len(r.Rows) > 0 {
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return write(w, cells(r.Spec.Compare.metricColumns(), r.metricSummaries()))
}

func alignedTable(w io.Writer, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for _, cell := range row {
			fmt.Fprintf(t, "%s\t", cell)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
