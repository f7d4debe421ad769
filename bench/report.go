package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// columns of the table, in order.
var columns = []struct {
	head  string
	value func(Row) string
}{
	{"run", func(r Row) string { return r.Run }},
	{"compression", func(r Row) string { return fmt.Sprintf("%.2fx", r.Report.Compression) }},
	{"bits", func(r Row) string { return fmt.Sprintf("%.2f", r.Report.AvgBits) }},
	{"file", func(r Row) string { return fmt.Sprintf("%d B", r.Report.FileBytes) }},
	{"top-1", func(r Row) string { return fmt.Sprintf("%.2f %%", r.Report.QuantTop1) }},
	{"drop", func(r Row) string { return fmt.Sprintf("%.2f", r.Report.Drop) }},
	{"KL", func(r Row) string { return fmt.Sprintf("%.4f", r.Report.KL) }},
	{"agreement", func(r Row) string { return fmt.Sprintf("%.2f %%", r.Report.Agreement) }},
	{"seconds", func(r Row) string { return fmt.Sprintf("%.1f", r.Report.Seconds.Total) }},
}

// WriteTable prints the rows as an aligned table.
func (r *Result) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range columns {
		fmt.Fprintf(t, "%s\t", c.head)
	}
	fmt.Fprintln(t)
	for _, row := range r.Rows {
		for _, c := range columns {
			fmt.Fprintf(t, "%s\t", c.value(row))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
