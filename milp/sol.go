package milp

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
)

// WriteSolution writes r in the solution format of MIPLIB: comments with the
// status and bound, "=obj=" with the objective, then a line "name value" for
// every column that is not zero. Nothing but comments is written without a solution.
func (m *Model) WriteSolution(w io.Writer, r Result) error {
	bw := bufio.NewWriter(w)
	fmt.Fprintf(bw, "# status %v\n# bound %s\n", r.Status, formatNumber(r.Bound))
	if r.X != nil {
		fmt.Fprintf(bw, "=obj= %s\n", formatNumber(r.Objective))
		names := m.fileNames(mpsSafe)
		for j, v := range r.X {
			if v != 0 {
				fmt.Fprintf(bw, "%s %s\n", names.cols[j], formatNumber(v))
			}
		}
	}
	return bw.Flush()
}

// ReadSolution reads the values of the columns of m written by WriteSolution;
// columns that are not mentioned are zero. It does not check feasibility.
func (m *Model) ReadSolution(file string, r io.Reader) ([]float64, error) {
	names := m.fileNames(mpsSafe)
	index := make(map[string]int, len(names.cols))
	for j, n := range names.cols {
		index[n] = j
	}
	x := make([]float64, len(m.cols))
	l := newLineReader(file, r)
	for {
		line, ok := l.next()
		if !ok {
			return x, l.end()
		}
		f := strings.Fields(string(line))
		if len(f) == 0 || f[0][0] == '#' || f[0] == "=obj=" {
			continue
		}
		j, known := index[f[0]]
		if !known || len(f) != 2 {
			return nil, l.errorf("%s is not a column and its value", quote(string(line)))
		}
		v, ok := parseNumber(f[1])
		if !ok || math.IsInf(v, 0) {
			return nil, l.errorf("%s is not a finite number", quote(f[1]))
		}
		x[j] = v
	}
}
