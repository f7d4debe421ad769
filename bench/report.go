package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// columns are those of the runs.
var columns = []column[Row]{
	{"run", func(r Row) string { return r.Run }},
	{"compression", func(r Row) string { return fmt.Sprintf("%.2fx", r.Report.Compression) }},
	{"bits", func(r Row) string { return fmt.Sprintf("%.2f", r.Report.AvgBits) }},
	{"act bits", func(r Row) string { return fmt.Sprintf("%.2f", r.Report.AvgActBits) }},
	{"GBOPs", func(r Row) string { return fmt.Sprintf("%.3f", float64(r.Report.BOPs)/1e9) }},
	{"file", func(r Row) string { return fmt.Sprintf("%d B", r.Report.FileBytes) }},
	{"top-1", func(r Row) string { return fmt.Sprintf("%.2f %%", r.Report.QuantTop1) }},
	{"drop", func(r Row) string { return fmt.Sprintf("%.2f", r.Report.Drop) }},
	{"KL", func(r Row) string { return fmt.Sprintf("%.4f", r.Report.KL) }},
	{"agreement", func(r Row) string { return fmt.Sprintf("%.2f %%", r.Report.Agreement) }},
	{"seconds", func(r Row) string { return fmt.Sprintf("%.1f", r.Report.Seconds.Total) }},
}

// metricColumns are those of the comparison of metrics.
var metricColumns = []column[MetricRow]{
	{"metric", func(r MetricRow) string { return r.Metric.String() }},
	{"Spearman, all", func(r MetricRow) string { return fmt.Sprintf("%.3f", r.All) }},
	{"across layers", func(r MetricRow) string { return fmt.Sprintf("%.3f", r.Layers) }},
	{"seconds", func(r MetricRow) string { return fmt.Sprintf("%.1f", r.Seconds) }},
}

// column is a column of a table of rows of type T.
type column[T any] struct {
	head  string
	value func(T) string
}

// WriteTable prints the rows as aligned tables, those of runs and of metrics.
func (r *Result) WriteTable(w io.Writer) error {
	if err := writeTable(w, columns, r.Rows); err != nil || len(r.Metrics) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return writeTable(w, metricColumns, r.Metrics)
}

func writeTable[T any](w io.Writer, columns []column[T], rows []T) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range columns {
		fmt.Fprintf(t, "%s\t", c.head)
	}
	fmt.Fprintln(t)
	for _, row := range rows {
		for _, c := range columns {
			fmt.Fprintf(t, "%s\t", c.value(row))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
