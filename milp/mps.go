package milp

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
)

// ReadMPS reads a model in MPS format, free or fixed, from r; file is its name
// in errors. Conventions where dialects differ: an integer column without
// bounds is [0, 1], with only a lower bound [l, inf); a negative upper bound
// without a lower one makes the lower bound -inf, with a warning; the right-hand
// side of the objective is minus its constant; OBJSENSE is honoured; bounds and sides of
// 1e20 or more are infinite. Numbers that are NaN, infinite coefficients and
// duplicate entries are errors, as are sections for anything but linear rows.
//
// Names in fixed format may contain spaces: a file that is not free MPS is
// read again by the columns of the fixed format.
func ReadMPS(file string, r io.Reader) (*Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("milp: %s: %w", file, err)
	}
	return readMPS(file, func() (io.Reader, error) { return bytes.NewReader(data), nil })
}

// readMPS reads a file that can be opened twice, so that a large one need not
// be kept for the second time.
func readMPS(file string, open func() (io.Reader, error)) (*Model, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	m, err := parseMPS(file, r, freeFields)
	if err == nil {
		return m, nil
	}
	if r, errOpen := open(); errOpen == nil {
		if m, errFixed := parseMPS(file, r, fixedFields); errFixed == nil {
			return m, nil
		}
	}
	return nil, err
}

// fieldSplitter cuts a data line into its fields.
type fieldSplitter func(line []byte, fields [][]byte) [][]byte

// freeFields splits at white space up to a comment.
func freeFields(line []byte, fields [][]byte) [][]byte {
	for i := 0; i < len(line); {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		s := i
		for i < len(line) && !isSpace(line[i]) {
			i++
		}
		if s == i || line[s] == '$' || line[s] == '*' && len(fields) > 0 {
			break
		}
		fields = append(fields, line[s:i])
	}
	return fields
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// fixedFields cuts at the columns of the fixed format: 2-3, 5-12, 15-22, 25-36,
// 40-47 and 50-61, counted from one.
func fixedFields(line []byte, fields [][]byte) [][]byte {
	for _, span := range [6][2]int{{1, 4}, {4, 14}, {14, 24}, {24, 39}, {39, 49}, {49, 80}} {
		if span[0] >= len(line) {
			break
		}
		f := bytes.TrimSpace(line[span[0]:min(span[1], len(line))])
		if len(f) > 0 && f[0] == '$' {
			break
		}
		if len(f) > 0 || len(fields) > 0 {
			fields = append(fields, f)
		}
	}
	for len(fields) > 0 && len(fields[len(fields)-1]) == 0 {
		fields = fields[:len(fields)-1]
	}
	return fields
}

// mpsReader holds what is known of a file while it is read. Entries come by
// columns and are turned into rows at the end.
type mpsReader struct {
	*lineReader
	split   fieldSplitter
	fields  [][]byte
	m       *Model
	section string

	rows      map[string]int // position in kinds; -1 for rows that are dropped
	kinds     []byte         // N (objective only), L, G or E
	names     []string
	rhs, span []float64 // right-hand side and RANGES entry, NaN if absent
	objective string

	cols      map[string]Col
	last      string // column of the last entry
	integer   bool   // between INTORG and INTEND
	lastCol   []int  // by row: 1 + the last column with an entry
	entryRow  []int
	entryCol  []Col
	entryVal  []float64
	bounded   []boundSet
	lastCost  int // 1 + the last column with a cost
	ended     bool
	haveRHSof map[string]bool
}

// boundSet says which bounds of a column the file gave.
type boundSet struct {
	lo, hi    bool
	loweredAt int // line of the negative upper bound that made the lower one infinite, if any
}

func parseMPS(file string, r io.Reader, split fieldSplitter) (*Model, error) {
	p := &mpsReader{lineReader: newLineReader(file, r), split: split, m: new(Model),
		rows: make(map[string]int), cols: make(map[string]Col), haveRHSof: make(map[string]bool)}
	for !p.ended {
		line, ok := p.next()
		if !ok {
			break
		}
		if len(line) == 0 || line[0] == '*' {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	if !p.ended {
		return nil, p.errorf("the file ends without ENDATA")
	}
	return p.finish()
}

func (p *mpsReader) line(line []byte) error {
	if isSpace(line[0]) {
		p.fields = p.split(line, p.fields[:0])
		if len(p.fields) == 0 {
			return nil
		}
		return p.data()
	}
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return nil
	}
	switch p.section = strings.ToUpper(words[0]); p.section {
	case "NAME":
		if len(words) > 1 {
			p.m.Name = words[1]
		}
	case "OBJSENSE":
		if len(words) > 1 {
			return p.sense(words[1])
		}
	case "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS":
	case "ENDATA":
		p.ended = true
	default:
		return p.errorf("section %s is not supported", quote(words[0]))
	}
	return nil
}

// quote shortens what a file contains for an error message.
func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return fmt.Sprintf("%q", s)
}

func (p *mpsReader) data() error {
	switch p.section {
	case "OBJSENSE":
		return p.sense(string(p.fields[0]))
	case "ROWS":
		return p.row()
	case "COLUMNS":
		return p.column()
	case "RHS":
		return p.pairs(p.setRHS)
	case "RANGES":
		return p.pairs(p.setRange)
	case "BOUNDS":
		return p.bound()
	}
	return p.errorf("data outside of a section")
}

func (p *mpsReader) sense(word string) error {
	switch strings.ToUpper(word) {
	case "MAX", "MAXIMIZE", "MAXIMISE":
		p.m.Maximize = true
	case "MIN", "MINIMIZE", "MINIMISE":
		p.m.Maximize = false
	default:
		return p.errorf("objective sense %s is neither MIN nor MAX", quote(word))
	}
	return nil
}

func (p *mpsReader) row() error {
	if len(p.fields) != 2 || len(p.fields[0]) != 1 {
		return p.errorf("a line of ROWS must be a type and a name")
	}
	kind, name := bytes.ToUpper(p.fields[0])[0], string(p.fields[1])
	if strings.IndexByte("NLGE", kind) < 0 {
		return p.errorf("row type %s is none of N, L, G, E", quote(string(p.fields[0])))
	}
	if _, dup := p.rows[name]; dup || name == p.objective {
		return p.errorf("row %s appears twice", quote(name))
	}
	if kind == 'N' {
		if p.objective == "" {
			p.objective = name
		}
		p.rows[name] = -1
		return nil
	}
	p.rows[name] = len(p.kinds)
	p.kinds = append(p.kinds, kind)
	p.names = append(p.names, name)
	p.rhs = append(p.rhs, 0)
	p.span = append(p.span, math.NaN())
	p.lastCol = append(p.lastCol, 0)
	return nil
}

func (p *mpsReader) column() error {
	f := p.fields
	if len(f) >= 3 && string(f[1]) == "'MARKER'" {
		switch mark := string(f[len(f)-1]); mark {
		case "'INTORG'":
			p.integer = true
		case "'INTEND'":
			p.integer = false
		default:
			return p.errorf("marker %s is neither 'INTORG' nor 'INTEND'", quote(mark))
		}
		return nil
	}
	if len(f) != 3 && len(f) != 5 {
		return p.errorf("a line of COLUMNS must be a column and one or two pairs of row and number")
	}
	if string(f[0]) != p.last || len(p.m.cols) == 0 {
		name := string(f[0])
		if _, dup := p.cols[name]; dup {
			return p.errorf("column %s appears twice", quote(name))
		}
		c := p.m.AddCol(0, math.Inf(1), 0, p.integer)
		p.m.NameCol(c, name)
		p.cols[name], p.last = c, name
		p.bounded = append(p.bounded, boundSet{})
	}
	for k := 1; k < len(f); k += 2 {
		if err := p.entry(f[k], f[k+1]); err != nil {
			return err
		}
	}
	return nil
}

// entry adds a coefficient of the current column.
func (p *mpsReader) entry(row, number []byte) error {
	i, known := p.rows[string(row)]
	if !known {
		return p.errorf("row %s is not in ROWS", quote(string(row)))
	}
	v, ok := parseNumber(string(number))
	if !ok || math.IsInf(v, 0) {
		return p.errorf("coefficient %s of column %s must be a finite number", quote(string(number)), quote(p.last))
	}
	c := len(p.m.cols)
	if i < 0 {
		if string(row) != p.objective {
			return nil
		}
		if p.lastCost == c {
			return p.errorf("column %s has two costs", quote(p.last))
		}
		p.lastCost = c
		p.m.cols[c-1].cost = v
		return nil
	}
	if p.lastCol[i] == c {
		return p.errorf("column %s has two entries in row %s", quote(p.last), quote(string(row)))
	}
	p.lastCol[i] = c
	p.entryRow = append(p.entryRow, i)
	p.entryCol = append(p.entryCol, Col(c-1))
	p.entryVal = append(p.entryVal, v)
	return nil
}

// pairs calls set for every pair of row and number of an RHS or RANGES line,
// whose leading set name may be missing.
func (p *mpsReader) pairs(set func(name string, v float64) error) error {
	f := p.fields
	if len(f)%2 == 1 {
		f = f[1:]
	}
	for ; len(f) >= 2; f = f[2:] {
		v, ok := parseNumber(string(f[1]))
		if !ok {
			return p.errorf("%s of row %s is not a number", quote(string(f[1])), quote(string(f[0])))
		}
		if _, known := p.rows[string(f[0])]; !known {
			return p.errorf("row %s is not in ROWS", quote(string(f[0])))
		}
		if err := set(string(f[0]), v); err != nil {
			return err
		}
	}
	return nil
}

func (p *mpsReader) setRHS(name string, v float64) error {
	if p.haveRHSof[name] {
		return p.errorf("row %s has two right-hand sides", quote(name))
	}
	p.haveRHSof[name] = true
	if i := p.rows[name]; i >= 0 {
		p.rhs[i] = v
	} else if name == p.objective {
		if math.IsInf(v, 0) {
			return p.errorf("the constant of the objective must be finite")
		}
		p.m.Offset = -v
	}
	return nil
}

func (p *mpsReader) setRange(name string, v float64) error {
	i := p.rows[name]
	if i < 0 {
		return nil
	}
	if !math.IsNaN(p.span[i]) {
		return p.errorf("row %s has two ranges", quote(name))
	}
	p.span[i] = v
	return nil
}

// boundKinds lists the bound types and whether a number follows.
var boundKinds = map[string]bool{"UP": true, "LO": true, "FX": true, "UI": true, "LI": true, "SC": true, "SI": true,
	"FR": false, "MI": false, "PL": false, "BV": false}

func (p *mpsReader) bound() error {
	f := p.fields
	kind := strings.ToUpper(string(f[0]))
	number, known := boundKinds[kind]
	if !known {
		return p.errorf("bound type %s is not supported", quote(string(f[0])))
	}
	name, value, ok := boundFields(f[1:], number, func(s []byte) bool { _, ok := p.cols[string(s)]; return ok })
	if !ok {
		return p.errorf("a line of BOUNDS must be a type, a set, a column of COLUMNS and a number if the type has one")
	}
	v := 0.0
	if number {
		if v, ok = parseNumber(string(value)); !ok {
			return p.errorf("bound %s of column %s is not a number", quote(string(value)), quote(string(name)))
		}
		v = infiniteFrom(v)
	}
	c := p.cols[string(name)]
	return p.setBound(kind, &p.m.cols[c], &p.bounded[c], v)
}

// boundFields finds the column and the number on a bounds line after the type;
// the name of the set may be missing.
func boundFields(f [][]byte, number bool, isCol func([]byte) bool) (name, value []byte, ok bool) {
	switch {
	case len(f) >= 3 && number && isCol(f[1]):
		return f[1], f[2], true
	case len(f) == 2 && number && isCol(f[0]):
		return f[0], f[1], true
	case len(f) >= 2 && !number && isCol(f[1]):
		return f[1], nil, true
	case len(f) >= 1 && !number && isCol(f[0]):
		return f[0], nil, true
	}
	return nil, nil, false
}

func (p *mpsReader) setBound(kind string, c *column, have *boundSet, v float64) error {
	switch kind {
	case "UP", "UI":
		c.hi, have.hi = v, true
		if v < 0 && !have.lo {
			c.lo, have.loweredAt = math.Inf(-1), p.num
		}
	case "LO", "LI":
		c.lo, have.lo = v, true
	case "FX":
		c.lo, c.hi = v, v
		have.lo, have.hi = true, true
	case "FR":
		c.lo, c.hi = math.Inf(-1), math.Inf(1)
		have.lo, have.hi = true, true
	case "MI":
		c.lo, have.lo = math.Inf(-1), true
	case "PL":
		c.hi, have.hi = math.Inf(1), true
	case "BV":
		c.lo, c.hi = 0, 1
		have.lo, have.hi = true, true
	case "SC", "SI":
		c.hi, have.hi = v, true
		c.semi = true
	}
	switch kind {
	case "UI", "LI", "BV", "SI":
		c.integer = true
	case "SC":
		c.integer = false
	}
	return nil
}

// finish applies the conventions for bounds and builds the rows.
func (p *mpsReader) finish() (*Model, error) {
	m := p.m
	for j := range m.cols {
		if c := &m.cols[j]; c.integer && !p.bounded[j].lo && !p.bounded[j].hi {
			c.hi = 1
		}
		if b := p.bounded[j]; b.loweredAt > 0 && !b.lo {
			p.warnf(b.loweredAt, "the upper bound of column %s is negative and it has no lower one, which is therefore -inf", quote(m.cols[j].name))
		}
		if err := m.cols[j].checkSemi(); err != nil {
			return nil, &FormatError{p.file, 0, "column " + quote(m.cols[j].name) + " " + err.Error()}
		}
	}
	count := make([]int, len(p.kinds)+1)
	for _, i := range p.entryRow {
		count[i+1]++
	}
	for i := range p.kinds {
		count[i+1] += count[i]
	}
	m.ind, m.val = make([]Col, len(p.entryCol)), make([]float64, len(p.entryCol))
	for i, kind := range p.kinds {
		lo, hi := sides(kind, infiniteFrom(p.rhs[i]), p.span[i])
		m.rows = append(m.rows, row{name: p.names[i], lo: lo, hi: hi, start: count[i], end: count[i]})
	}
	for k, i := range p.entryRow {
		r := &m.rows[i]
		m.ind[r.end], m.val[r.end] = p.entryCol[k], p.entryVal[k]
		r.end++
	}
	m.Warnings = p.warnings
	return m, nil
}

// sides turns a row type, right-hand side and range into the sides of a row.
func sides(kind byte, rhs, span float64) (lo, hi float64) {
	lo, hi = rhs, rhs
	switch kind {
	case 'L':
		lo = math.Inf(-1)
		if !math.IsNaN(span) {
			lo = rhs - math.Abs(span)
		}
	case 'G':
		hi = math.Inf(1)
		if !math.IsNaN(span) {
			hi = rhs + math.Abs(span)
		}
	case 'E':
		if span > 0 {
			hi = rhs + span
		} else if span < 0 {
			lo = rhs + span
		}
	}
	return lo, hi
}

// WriteMPS writes m in free MPS format, with every bound stated, so that
// reading it gives the same model. Names that are empty, taken or contain
// spaces are replaced.
func (m *Model) WriteMPS(w io.Writer) error {
	if err := m.Validate(); err != nil {
		return err
	}
	bw := bufio.NewWriter(w)
	for i, r := range m.rows {
		if r.lo > r.hi {
			return fmt.Errorf("milp: row %s has sides [%v, %v], which MPS cannot express", m.RowName(Row(i)), r.lo, r.hi)
		}
	}
	names := m.fileNames(mpsSafe)
	fmt.Fprintf(bw, "NAME %s FREE\n", safeName(m.Name, mpsSafe, "model"))
	if m.Maximize {
		fmt.Fprint(bw, "OBJSENSE\n    MAX\n")
	}
	fmt.Fprintf(bw, "ROWS\n N %s\n", names.objective)
	for i, r := range m.rows {
		fmt.Fprintf(bw, " %c %s\n", rowKind(r), names.rows[i])
	}
	m.writeColumns(bw, names)
	m.writeRHS(bw, names)
	m.writeBounds(bw, names)
	fmt.Fprint(bw, "ENDATA\n")
	return bw.Flush()
}

// rowKind returns the MPS type of a row; a free row is an unused N row.
func rowKind(r row) byte {
	switch {
	case r.lo == r.hi:
		return 'E'
	case !math.IsInf(r.hi, 1):
		return 'L'
	default:
		return 'G'
	}
}

func (m *Model) writeColumns(w io.Writer, names fileNames) {
	start, rows, val := m.byColumn()
	fmt.Fprint(w, "COLUMNS\n")
	integer := false
	for j, c := range m.cols {
		if c.integer != integer {
			integer = c.integer
			mark := "'INTEND'"
			if integer {
				mark = "'INTORG'"
			}
			fmt.Fprintf(w, " MARK%d 'MARKER' %s\n", j, mark)
		}
		if c.cost != 0 || start[j] == start[j+1] {
			fmt.Fprintf(w, " %s %s %s\n", names.cols[j], names.objective, formatNumber(c.cost))
		}
		for k := start[j]; k < start[j+1]; k++ {
			fmt.Fprintf(w, " %s %s %s\n", names.cols[j], names.rows[rows[k]], formatNumber(val[k]))
		}
	}
	if integer {
		fmt.Fprint(w, " MARKEND 'MARKER' 'INTEND'\n")
	}
}

func (m *Model) writeRHS(w io.Writer, names fileNames) {
	fmt.Fprint(w, "RHS\n")
	if m.Offset != 0 {
		fmt.Fprintf(w, " RHS %s %s\n", names.objective, formatNumber(-m.Offset))
	}
	for i, r := range m.rows {
		v := r.hi
		if rowKind(r) == 'G' {
			v = r.lo
		}
		if v != 0 {
			fmt.Fprintf(w, " RHS %s %s\n", names.rows[i], formatNumber(v))
		}
	}
	fmt.Fprint(w, "RANGES\n")
	for i, r := range m.rows {
		if finite(r.lo) && finite(r.hi) && r.lo != r.hi {
			fmt.Fprintf(w, " RNG %s %s\n", names.rows[i], formatNumber(r.hi-r.lo))
		}
	}
}

func (m *Model) writeBounds(w io.Writer, names fileNames) {
	fmt.Fprint(w, "BOUNDS\n")
	for j, c := range m.cols {
		n := names.cols[j]
		switch {
		case c.semi:
			kind := "SC"
			if c.integer {
				kind = "SI"
			}
			fmt.Fprintf(w, " LO BND %s %s\n %s BND %s %s\n", n, formatNumber(c.lo), kind, n, formatNumber(c.hi))
			continue
		case math.IsInf(c.lo, -1) && math.IsInf(c.hi, 1):
			fmt.Fprintf(w, " FR BND %s\n", n)
			continue
		case c.lo == c.hi:
			fmt.Fprintf(w, " FX BND %s %s\n", n, formatNumber(c.lo))
			continue
		case math.IsInf(c.lo, -1):
			fmt.Fprintf(w, " MI BND %s\n", n)
		case c.lo != 0 || c.hi < 0:
			fmt.Fprintf(w, " LO BND %s %s\n", n, formatNumber(c.lo))
		}
		switch {
		case !math.IsInf(c.hi, 1):
			fmt.Fprintf(w, " UP BND %s %s\n", n, formatNumber(c.hi))
		case c.integer:
			fmt.Fprintf(w, " PL BND %s\n", n)
		}
	}
}
