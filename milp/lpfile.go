package milp

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
)

// ReadLP reads a model in CPLEX LP format from r; file is its name in errors.
// Columns are [0, inf) unless the file says otherwise, Binary ones [0, 1] within the
// bounds given. Rows may have terms on both sides and be ranges (l <= terms <= u).
// Quadratic terms, special ordered sets and piecewise objectives are refused, as are
// NaN, infinite coefficients, and two terms of a row for one column.
//
// The format has no constants beside the terms of a row that a number limits (x - 1 >= 2):
// CPLEX, cbc and glpsol refuse them, HiGHS ignores them. So does ReadLP, with a warning,
// for the sake of equal answers; where both sides have terms, constants count.
func ReadLP(file string, r io.Reader) (*Model, error) {
	p := &lpReader{lex: lpLexer{lineReader: newLineReader(file, r)}, m: new(Model),
		cols: make(map[string]Col), rows: make(map[string]bool)}
	if err := p.read(); err != nil {
		return nil, err
	}
	p.m.Warnings = p.lex.warnings
	return p.m, nil
}

// tokenKind classifies the tokens of an LP file.
type tokenKind uint8

const (
	tokEnd      tokenKind = iota // of the file
	tokNumber                    // val
	tokName                      // text
	tokRelation                  // text is "<", ">" or "="
	tokSymbol                    // text is one of + - : [ ] ^ * /
)

type token struct {
	kind tokenKind
	text string
	val  float64
	line int
}

// lpLexer cuts a file into tokens; peeked ones are kept.
type lpLexer struct {
	*lineReader
	rest   []byte
	peeked []token
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80 ||
		strings.IndexByte("!\"#$%&(),.;?@_'`{}~|", c) >= 0
}

// peek returns the token i places ahead without consuming it.
func (l *lpLexer) peek(i int) (token, error) {
	for len(l.peeked) <= i {
		t, err := l.scan()
		if err != nil {
			return t, err
		}
		l.peeked = append(l.peeked, t)
	}
	return l.peeked[i], nil
}

// take consumes a token that was peeked.
func (l *lpLexer) take() token {
	t := l.peeked[0]
	l.peeked = append(l.peeked[:0], l.peeked[1:]...)
	return t
}

func (l *lpLexer) scan() (token, error) {
	for {
		for len(l.rest) > 0 && isSpace(l.rest[0]) {
			l.rest = l.rest[1:]
		}
		if len(l.rest) > 0 && l.rest[0] != '\\' {
			break
		}
		line, ok := l.next()
		if !ok {
			return token{kind: tokEnd, line: l.num}, l.end()
		}
		l.rest = line
	}
	c := l.rest[0]
	switch {
	case c >= '0' && c <= '9' || c == '.' && len(l.rest) > 1 && isDigit(l.rest[1]):
		n := numberLen(l.rest)
		t := token{kind: tokNumber, text: string(l.rest[:n]), line: l.num}
		var ok bool
		if t.val, ok = parseNumber(t.text); !ok {
			return t, l.errorf("%s is not a number", quote(t.text))
		}
		l.rest = l.rest[n:]
		return t, nil
	case strings.IndexByte("<>=", c) >= 0:
		n := 1
		if len(l.rest) > 1 && strings.IndexByte("<>=", l.rest[1]) >= 0 {
			n = 2
		}
		text := strings.ReplaceAll(string(l.rest[:n]), "=", "")
		if text == "" {
			text = "="
		}
		if len(text) > 1 {
			return token{}, l.errorf("%s is not a relation", quote(string(l.rest[:n])))
		}
		l.rest = l.rest[n:]
		return token{kind: tokRelation, text: text, line: l.num}, nil
	case strings.IndexByte("+-:[]^*/", c) >= 0:
		l.rest = l.rest[1:]
		return token{kind: tokSymbol, text: string(c), line: l.num}, nil
	case isNameByte(c):
		n := 1
		for n < len(l.rest) && isNameByte(l.rest[n]) {
			n++
		}
		t := token{kind: tokName, text: string(l.rest[:n]), line: l.num}
		l.rest = l.rest[n:]
		return t, nil
	}
	return token{}, l.errorf("character %q is not expected", c)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// numberLen returns the length of the number that s starts with.
func numberLen(s []byte) int {
	i := 0
	for i < len(s) && (isDigit(s[i]) || s[i] == '.') {
		i++
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for j < len(s) && isDigit(s[j]) {
				j++
			}
			return j
		}
	}
	return i
}

// lpKeywords maps the words that open a section to its name.
var lpKeywords = map[string]string{
	"minimize": "min", "minimise": "min", "minimum": "min", "min": "min",
	"maximize": "max", "maximise": "max", "maximum": "max", "max": "max",
	"subject": "rows", "such": "rows", "st": "rows", "s.t.": "rows", "st.": "rows",
	"bounds": "bounds", "bound": "bounds",
	"general": "general", "generals": "general", "gen": "general", "integer": "general", "integers": "general", "int": "general",
	"binary": "binary", "binaries": "binary", "bin": "binary",
	"semi": "semi", "semis": "semi", "sos": "sos", "sos1": "sos", "sos2": "sos", "pwlobj": "pwlobj",
	"lazy": "lazy", "user": "user", "end": "end",
}

func lpKeyword(s string) string { return lpKeywords[strings.ToLower(s)] }

// secondWord lists the word that must follow an opening word of two.
var secondWord = map[string]string{"subject": "to", "such": "that", "lazy": "constraints", "user": "cuts"}

func isInfinityWord(s string) bool {
	return strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity")
}

type lpReader struct {
	lex  lpLexer
	m    *Model
	cols map[string]Col
	rows map[string]bool
	last []int // by column: number of the last expression with a term for it
	expr int   // number of the current expression
	set  []boundSet
}

func (p *lpReader) errorf(line int, format string, args ...any) error {
	return &FormatError{p.lex.file, line, fmt.Sprintf(format, args...)}
}

// section consumes the opening words of a section if they come next, and
// returns its name; a name followed by a colon is a label.
func (p *lpReader) section() (string, error) {
	t, err := p.lex.peek(0)
	if err != nil || t.kind != tokName {
		return "", err
	}
	s := lpKeyword(t.text)
	if s == "" {
		return "", nil
	}
	next, err := p.lex.peek(1)
	if err != nil || next.kind == tokSymbol && next.text == ":" {
		return "", err
	}
	if w := secondWord[strings.ToLower(t.text)]; w != "" {
		if next.kind != tokName || !strings.EqualFold(next.text, w) {
			return "", nil
		}
		p.lex.take()
	}
	p.lex.take()
	if s != "semi" || next.kind != tokSymbol || next.text != "-" {
		return s, nil
	}
	p.lex.take() // semi-continuous
	if t, err := p.lex.peek(0); err != nil || !strings.EqualFold(t.text, "continuous") {
		return "", p.errorf(next.line, "semi- must be followed by continuous")
	}
	p.lex.take()
	return s, nil
}

func (p *lpReader) read() error {
	s, err := p.section()
	if err != nil {
		return err
	}
	if s != "min" && s != "max" {
		return p.errorf(p.lex.num, "the file must begin with Minimize or Maximize")
	}
	p.m.Maximize = s == "max"
	if err := p.objective(); err != nil {
		return err
	}
	parse := map[string]func() error{"rows": p.row, "lazy": p.row, "bounds": p.bound,
		"general": p.general, "binary": p.binary, "semi": p.semi}
	for {
		t, err := p.lex.peek(0)
		if err != nil {
			return err
		}
		if t.kind == tokEnd {
			return p.errorf(t.line, "the file ends without End")
		}
		next, err := p.section()
		if err != nil {
			return err
		}
		if next == "end" {
			return p.finish()
		}
		if next != "" {
			s = next
			continue
		}
		item := parse[s]
		if item == nil {
			return p.errorf(t.line, "section %s is not supported", s)
		}
		if err := item(); err != nil {
			return err
		}
	}
}

// linear is a linear expression with a constant.
type linear struct {
	cols []Col
	vals []float64
	con  float64
}

// label consumes "name :" if it comes next.
func (p *lpReader) label() (string, error) {
	t, err := p.lex.peek(0)
	if err != nil || t.kind != tokName && t.kind != tokNumber {
		return "", err
	}
	colon, err := p.lex.peek(1)
	if err != nil || colon.kind != tokSymbol || colon.text != ":" {
		return "", err
	}
	p.lex.take()
	p.lex.take()
	return t.text, nil
}

func (p *lpReader) objective() error {
	if _, err := p.label(); err != nil {
		return err
	}
	p.expr++
	e, err := p.linear(1)
	if err != nil {
		return err
	}
	for k, c := range e.cols {
		p.m.cols[c].cost = e.vals[k]
	}
	p.m.Offset = e.con
	if !finite(p.m.Offset) {
		return p.errorf(p.lex.num, "the constant of the objective must be finite")
	}
	return nil
}

// column returns the column of that name, adding it if it is new.
func (p *lpReader) column(name string) Col {
	c, ok := p.cols[name]
	if !ok {
		c = p.m.AddCol(0, math.Inf(1), 0, false)
		p.m.NameCol(c, name)
		p.cols[name] = c
		p.last = append(p.last, 0)
		p.set = append(p.set, boundSet{})
	}
	return c
}

// linear parses terms up to a relation, a section or a label, multiplied by factor.
func (p *lpReader) linear(factor float64) (linear, error) {
	var e linear
	for first := true; ; first = false {
		t, err := p.lex.peek(0)
		if err != nil || t.kind == tokEnd || t.kind == tokRelation {
			return e, err
		}
		if sect, err := p.opensSection(); err != nil || sect {
			return e, err
		}
		if !first && t.kind == tokName {
			return e, p.errorf(t.line, "an operator must come before %s", quote(t.text))
		}
		sign, signed, err := p.sign()
		if err != nil {
			return e, err
		}
		if !first && !signed {
			return e, p.errorf(t.line, "an operator must come before %s", quote(t.text))
		}
		if err := p.term(&e, factor*sign); err != nil {
			return e, err
		}
	}
}

// opensSection reports whether a section opens next, without consuming it.
func (p *lpReader) opensSection() (bool, error) {
	t, err := p.lex.peek(0)
	if err != nil || t.kind != tokName || lpKeyword(t.text) == "" {
		return false, err
	}
	next, err := p.lex.peek(1)
	if err != nil {
		return false, err
	}
	if w := secondWord[strings.ToLower(t.text)]; w != "" {
		return next.kind == tokName && strings.EqualFold(next.text, w), nil
	}
	return !(next.kind == tokSymbol && next.text == ":"), nil
}

// sign consumes the signs that come next.
func (p *lpReader) sign() (sign float64, signed bool, err error) {
	for sign = 1; ; signed = true {
		t, err := p.lex.peek(0)
		if err != nil || t.kind != tokSymbol || t.text != "+" && t.text != "-" {
			return sign, signed, err
		}
		p.lex.take()
		if t.text == "-" {
			sign = -sign
		}
	}
}

// term parses a number, a name or both.
func (p *lpReader) term(e *linear, factor float64) error {
	t, err := p.lex.peek(0)
	if err != nil {
		return err
	}
	coef, number := 1.0, t.kind == tokNumber || t.kind == tokName && isInfinityWord(t.text)
	if number {
		coef = numberOf(p.lex.take())
		if t, err = p.lex.peek(0); err != nil {
			return err
		}
	}
	name, err := p.isColumn(t)
	if err != nil {
		return err
	}
	if !name {
		if !number {
			return p.errorf(t.line, "%s is not a term", quote(t.text))
		}
		e.con += factor * coef
		return nil
	}
	if math.IsInf(coef, 0) {
		return p.errorf(t.line, "the coefficient of column %s must be finite", quote(t.text))
	}
	c := p.column(p.lex.take().text)
	if p.last[c] == p.expr {
		return p.errorf(t.line, "column %s has two terms", quote(t.text))
	}
	p.last[c] = p.expr
	e.cols = append(e.cols, c)
	e.vals = append(e.vals, factor*coef)
	return nil
}

// isColumn reports whether t, which comes next, names a column: it opens
// neither a section nor, as a label, the next row.
func (p *lpReader) isColumn(t token) (bool, error) {
	if t.kind != tokName {
		return false, nil
	}
	next, err := p.lex.peek(1)
	if err != nil || next.kind == tokSymbol && next.text == ":" {
		return false, err
	}
	opens, err := p.opensSection()
	return !opens, err
}

// numberOf returns the value of a number or infinity token.
func numberOf(t token) float64 {
	if t.kind == tokName {
		return math.Inf(1)
	}
	return t.val
}

// row parses [name:] terms relation terms [relation constant].
func (p *lpReader) row() error {
	name, err := p.label()
	if err != nil {
		return err
	}
	start, err := p.lex.peek(0)
	if err != nil {
		return err
	}
	p.expr++
	left, err := p.linear(1)
	if err != nil {
		return err
	}
	rel, err := p.relation()
	if err != nil {
		return err
	}
	right, err := p.rhs()
	if err != nil {
		return err
	}
	lo, hi := math.Inf(-1), math.Inf(1)
	if t, err := p.lex.peek(0); err != nil {
		return err
	} else if t.kind == tokRelation { // l <= terms <= u
		if len(left.cols) > 0 {
			return p.errorf(t.line, "a range must have its terms in the middle")
		}
		p.dropConstant(&right, start.line)
		restrict(&lo, &hi, mirror(rel), left.con)
		left.cols, left.vals = right.cols, right.vals
		rel = p.lex.take().text
		last, err := p.rhs()
		if err != nil {
			return err
		}
		if len(last.cols) > 0 {
			return p.errorf(t.line, "a range must end with a number")
		}
		restrict(&lo, &hi, rel, last.con)
	} else {
		if len(right.cols) == 0 {
			p.dropConstant(&left, start.line)
		} else if len(left.cols) == 0 {
			p.dropConstant(&right, start.line)
		}
		for k := range right.cols {
			left.cols, left.vals = append(left.cols, right.cols[k]), append(left.vals, -right.vals[k])
		}
		restrict(&lo, &hi, rel, right.con-left.con)
	}
	if math.IsNaN(lo) || math.IsNaN(hi) {
		return p.errorf(start.line, "the sides of the row are infinite")
	}
	r := p.m.AddRow(infiniteFrom(lo), infiniteFrom(hi), left.cols, left.vals)
	if name == "" {
		return nil
	}
	if p.rows[name] {
		return p.errorf(start.line, "row %s appears twice", quote(name))
	}
	p.rows[name] = true
	p.m.NameRow(r, name)
	return nil
}

// dropConstant ignores a constant beside the terms of a row that ends in a number.
func (p *lpReader) dropConstant(e *linear, line int) {
	if len(e.cols) > 0 && e.con != 0 {
		p.lex.warnf(line, "the constant %v beside the terms of the row is ignored; take it to the other side", e.con)
		e.con = 0
	}
}

// rhs parses the terms after a relation. A number ends them, so that rows need
// no labels; a name or a number with a name goes on.
func (p *lpReader) rhs() (linear, error) {
	var e linear
	for first := true; ; first = false {
		t, err := p.lex.peek(0)
		if err != nil {
			return e, err
		}
		if !first && !(t.kind == tokSymbol && (t.text == "+" || t.text == "-") && len(e.cols) > 0) {
			return e, nil
		}
		sign, _, err := p.sign()
		if err != nil {
			return e, err
		}
		t, err = p.lex.peek(0)
		if err != nil {
			return e, err
		}
		next, err := p.lex.peek(1)
		if err != nil {
			return e, err
		}
		if t.kind == tokNumber && t.line != next.line || t.kind == tokName && isInfinityWord(t.text) { // a constant ends the row
			e.con += sign * numberOf(p.lex.take())
			return e, nil
		}
		if err := p.term(&e, sign); err != nil {
			return e, err
		}
	}
}

func (p *lpReader) relation() (string, error) {
	t, err := p.lex.peek(0)
	if err != nil {
		return "", err
	}
	if t.kind != tokRelation {
		return "", p.errorf(t.line, "a relation is expected instead of %s", quote(t.text))
	}
	return p.lex.take().text, nil
}

// mirror turns a relation round.
func mirror(rel string) string {
	switch rel {
	case "<":
		return ">"
	case ">":
		return "<"
	}
	return rel
}

// restrict applies "terms rel v" to the sides.
func restrict(lo, hi *float64, rel string, v float64) {
	if rel != "<" {
		*lo = v
	}
	if rel != ">" {
		*hi = v
	}
}

// bound parses one bound: x free, x rel v, v rel x, or v rel x rel v.
func (p *lpReader) bound() error {
	first, err := p.lex.peek(0)
	if err != nil {
		return err
	}
	if second, err := p.lex.peek(1); err != nil {
		return err
	} else if first.kind == tokName && second.kind == tokName && strings.EqualFold(second.text, "free") {
		c := p.column(p.lex.take().text)
		p.lex.take()
		p.m.cols[c].lo, p.m.cols[c].hi = math.Inf(-1), math.Inf(1)
		p.set[c] = boundSet{lo: true, hi: true}
		return nil
	}
	var apply []func(Col)
	use := func(rel string, v float64) { apply = append(apply, func(c Col) { p.setBound(c, rel, v) }) }
	if first.kind != tokName || isInfinityWord(first.text) {
		v, err := p.constant()
		if err != nil {
			return err
		}
		rel, err := p.relation()
		if err != nil {
			return err
		}
		use(mirror(rel), v)
	}
	t, err := p.lex.peek(0)
	if err != nil {
		return err
	}
	if t.kind != tokName {
		return p.errorf(t.line, "a column is expected instead of %s", quote(t.text))
	}
	c := p.column(p.lex.take().text)
	if t, err := p.lex.peek(0); err != nil {
		return err
	} else if t.kind == tokRelation {
		rel := p.lex.take().text
		v, err := p.constant()
		if err != nil {
			return err
		}
		use(rel, v)
	}
	if len(apply) == 0 {
		return p.errorf(t.line, "column %s is given no bound", quote(t.text))
	}
	for _, f := range apply {
		f(c)
	}
	return nil
}

func (p *lpReader) setBound(c Col, rel string, v float64) {
	v = infiniteFrom(v)
	restrict(&p.m.cols[c].lo, &p.m.cols[c].hi, rel, v)
	p.set[c].lo = p.set[c].lo || rel != "<"
	p.set[c].hi = p.set[c].hi || rel != ">"
}

// constant parses a signed number or infinity.
func (p *lpReader) constant() (float64, error) {
	sign, _, err := p.sign()
	if err != nil {
		return 0, err
	}
	t, err := p.lex.peek(0)
	if err != nil {
		return 0, err
	}
	if t.kind != tokNumber && !(t.kind == tokName && isInfinityWord(t.text)) {
		return 0, p.errorf(t.line, "a number is expected instead of %s", quote(t.text))
	}
	return sign * numberOf(p.lex.take()), nil
}

// name consumes the name of a column in a list.
func (p *lpReader) name() (Col, error) {
	t, err := p.lex.peek(0)
	if err != nil {
		return 0, err
	}
	if t.kind != tokName {
		return 0, p.errorf(t.line, "a column is expected instead of %s", quote(t.text))
	}
	return p.column(p.lex.take().text), nil
}

func (p *lpReader) general() error {
	c, err := p.name()
	if err == nil {
		p.m.cols[c].integer = true
	}
	return err
}

func (p *lpReader) binary() error {
	c, err := p.name()
	if err == nil {
		col := &p.m.cols[c]
		col.integer = true
		col.lo, col.hi = max(0, col.lo), min(1, col.hi)
	}
	return err
}

func (p *lpReader) semi() error {
	c, err := p.name()
	if err == nil {
		p.m.cols[c].semi = true
	}
	return err
}

func (p *lpReader) finish() error {
	for j := range p.m.cols {
		if err := p.m.cols[j].checkSemi(); err != nil {
			return p.errorf(0, "column %s %v", quote(p.m.cols[j].name), err)
		}
	}
	return nil
}

// WriteLP writes m in CPLEX LP format so that reading it gives the same model.
// Names the format cannot hold are replaced.
func (m *Model) WriteLP(w io.Writer) error {
	if err := m.Validate(); err != nil {
		return err
	}
	bw := bufio.NewWriter(w)
	names := m.fileNames(lpSafe)
	fmt.Fprintf(bw, "\\ %s\n%s\n obj:", safeName(m.Name, mpsSafe, "model"), map[bool]string{false: "Minimize", true: "Maximize"}[m.Maximize])
	lw := lineWrapper{w: bw}
	for j, c := range m.cols {
		lw.term(c.cost, names.cols[j]) // zero costs too: they keep the order of the columns
	}
	if m.Offset != 0 {
		lw.term(m.Offset, "")
	}
	fmt.Fprint(bw, "\nSubject To\n")
	for i, r := range m.rows {
		m.writeRow(bw, names, Row(i), r)
	}
	m.writeLPBounds(bw, names)
	m.writeList(bw, names, "General", func(c column) bool { return c.integer })
	m.writeList(bw, names, "Semi-Continuous", func(c column) bool { return c.semi })
	fmt.Fprint(bw, "End\n")
	return bw.Flush()
}

// lineWrapper writes terms, breaking lines.
type lineWrapper struct {
	w   io.Writer
	len int
}

func (l *lineWrapper) term(v float64, name string) {
	sign := '+'
	if math.Signbit(v) {
		sign = '-'
	}
	n, _ := fmt.Fprintf(l.w, " %c %s %s", sign, formatNumber(math.Abs(v)), name)
	if l.len += n; l.len > 200 {
		fmt.Fprint(l.w, "\n ")
		l.len = 0
	}
}

func (m *Model) writeRow(w io.Writer, names fileNames, i Row, r row) {
	fmt.Fprintf(w, " %s:", names.rows[i])
	if r.lo != r.hi && !math.IsInf(r.lo, -1) && !math.IsInf(r.hi, 1) {
		fmt.Fprintf(w, " %s <=", formatNumber(r.lo))
	}
	lw := lineWrapper{w: w}
	cols, a := m.entries(i)
	for k, c := range cols {
		lw.term(a[k], names.cols[c])
	}
	if len(cols) == 0 {
		fmt.Fprint(w, " 0")
	}
	switch {
	case r.lo == r.hi:
		fmt.Fprintf(w, " = %s\n", formatNumber(r.hi))
	case math.IsInf(r.hi, 1):
		fmt.Fprintf(w, " >= %s\n", formatNumber(r.lo))
	default:
		fmt.Fprintf(w, " <= %s\n", formatNumber(r.hi))
	}
}

func (m *Model) writeLPBounds(w io.Writer, names fileNames) {
	fmt.Fprint(w, "Bounds\n")
	for j, c := range m.cols {
		switch {
		case math.IsInf(c.lo, -1) && math.IsInf(c.hi, 1):
			fmt.Fprintf(w, " %s free\n", names.cols[j])
		case c.lo != 0 || !math.IsInf(c.hi, 1):
			fmt.Fprintf(w, " %s <= %s <= %s\n", formatNumber(c.lo), names.cols[j], formatNumber(c.hi))
		}
	}
}

func (m *Model) writeList(w io.Writer, names fileNames, title string, is func(column) bool) {
	fmt.Fprintf(w, "%s\n", title)
	for j, c := range m.cols {
		if is(c) {
			fmt.Fprintf(w, " %s\n", names.cols[j])
		}
	}
}
