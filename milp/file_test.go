package milp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestPublicSizes reads every reference file and compares its dimensions.
func TestPublicSizes(t *testing.T) {
	type size struct{ Rows, Cols, Nnz, Ints int }
	for _, e := range expectations(t, "public") {
		m, err := ReadFile(filepath.Join(sharedDir(t), e.File))
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		if err := m.Validate(); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		got := size{len(m.rows), len(m.cols), 0, 0}
		for _, v := range m.val {
			if math.Abs(v) > 1e-9 { // what the reference counts
				got.Nnz++
			}
		}
		for _, c := range m.cols {
			if c.integer && !c.semi {
				got.Ints++
			}
		}
		if want := (size{e.Rows, e.Cols, e.Nnz, e.Ints}); got != want {
			t.Errorf("%s: read %+v, want %+v", e.Name, got, want)
		}
		roundTrip(t, e.Name, m)
	}
}

// TestWarnings reads what dialects read differently: the model and the remark on it.
func TestWarnings(t *testing.T) {
	const mps = "ROWS\n N obj\n L r\nCOLUMNS\n x obj 1 r 1\nRHS\n RHS r 4\nBOUNDS\n"
	lp := func(row string) string { return "Minimize x\nSubject To\n r: " + row + "\nEnd\n" }
	inf := math.Inf(1)
	tests := []struct {
		name, text string
		lo, hi     float64 // of the column in MPS, of the row in LP
		warning    string
	}{
		{"a.mps", mps + " UP BND x -5\nENDATA\n", -inf, -5, "a.mps:9: "},
		{"lo.mps", mps + " UP BND x -5\n LO BND x -7\nENDATA\n", -7, -5, ""},
		{"up.mps", mps + " UP BND x 5\nENDATA\n", 0, 5, ""},
		{"left.lp", lp("x - 1 >= 2"), 2, inf, "left.lp:3: the constant -1 "},
		{"right.lp", lp("2 <= x + 3"), -inf, -2, // of -x
			"right.lp:3: the constant 3 "},
		{"range.lp", lp("2 <= x + y - 1 <= 5"), 2, 5, "range.lp:3: the constant -1 "},
		{"both.lp", lp("x - 1 >= y + 4"), 5, inf, ""},
	}
	for _, tt := range tests {
		read, bounds := ReadMPS, func(m *Model) (lo, hi float64) { return m.cols[0].lo, m.cols[0].hi }
		if strings.HasSuffix(tt.name, ".lp") {
			read, bounds = ReadLP, func(m *Model) (lo, hi float64) { return m.rows[0].lo, m.rows[0].hi }
		}
		m, err := read(tt.name, strings.NewReader(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if lo, hi := bounds(m); lo != tt.lo || hi != tt.hi {
			t.Errorf("%s: [%v, %v], want [%v, %v]", tt.name, lo, hi, tt.lo, tt.hi)
		}
		got := strings.Join(m.Warnings, "; ")
		if tt.warning == "" && got != "" || !strings.HasPrefix(got, tt.warning) {
			t.Errorf("%s: warnings %q, want %q", tt.name, got, tt.warning)
		}
	}
}

// roundTrip writes and reads m in both formats.
func roundTrip(t *testing.T, name string, m *Model) {
	t.Helper()
	var mps, lp bytes.Buffer
	if err := m.WriteMPS(&mps); err != nil {
		t.Errorf("%s: WriteMPS: %v", name, err)
		return
	}
	if err := m.WriteLP(&lp); err != nil {
		t.Errorf("%s: WriteLP: %v", name, err)
		return
	}
	fromMPS, err := ReadMPS(name+" written as MPS", &mps)
	if err != nil {
		t.Error(err)
		return
	}
	fromLP, err := ReadLP(name+" written as LP", &lp)
	if err != nil {
		t.Error(err)
		return
	}
	for _, got := range []*Model{fromMPS, fromLP} {
		if diff := difference(m, got); diff != "" {
			t.Errorf("%s: round trip: %s", name, diff)
		}
	}
}

// difference describes where two models differ in anything but names; rows may
// list their entries in another order.
func difference(a, b *Model) string {
	bare := func(m *Model) ([]column, []row) {
		cols := append([]column(nil), m.cols...)
		for j := range cols {
			cols[j].name = ""
		}
		rows := append([]row(nil), m.rows...)
		for i := range rows {
			rows[i].name = ""
		}
		return cols, rows
	}
	ca, ra := bare(a)
	cb, rb := bare(b)
	if a.Maximize != b.Maximize || a.Offset != b.Offset {
		return "objective"
	}
	if len(ca) != len(cb) || len(ra) != len(rb) {
		return "size"
	}
	for j := range ca {
		if ca[j] != cb[j] {
			return "column " + a.ColName(Col(j))
		}
	}
	for i := range ra {
		if !reflect.DeepEqual(ra[i], rb[i]) {
			return "row " + a.RowName(Row(i))
		}
	}
	sa, rowsA, va := a.byColumn()
	sb, rowsB, vb := b.byColumn()
	if !reflect.DeepEqual(sa, sb) || !reflect.DeepEqual(rowsA, rowsB) || !reflect.DeepEqual(va, vb) {
		return "coefficients"
	}
	return ""
}

func TestParserFiles(t *testing.T) {
	refuse := map[string]string{
		"1448.lp": "1448.lp:1", "garbage.lp": "garbage.lp", "garbage.mps": "garbage.mps", "garbage.ems": "unknown kind",
		"nan0.mps": "nan0.mps:8", "nan1.mps": "nan1.mps:9", "nan2.mps": "nan2.mps:12", "scip3787.lp": "sos",
		"warnings.mps": "warnings.mps:12", "1449b.lp": "without End", "1449a.lp": "without End", "WithInf.set": "unknown kind",
		"classical_20_0.mps.gz": "QCMATRIX", "classical_30_0.mps.gz": "QCMATRIX", "classical_30_15.mps.gz": "QCMATRIX",
	}
	files, err := filepath.Glob(filepath.Join(sharedDir(t), "parser", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		_, err := ReadFile(f)
		want, bad := refuse[filepath.Base(f)]
		switch {
		case bad && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want one with %q", f, err, want)
		case !bad && err != nil:
			t.Errorf("%s: %v", f, err)
		}
	}
}

const smallMPS = `NAME small
OBJSENSE MAX
ROWS
 N obj
 L c1
 G c2
 E c3
 N spare
COLUMNS
 M1 'MARKER' 'INTORG'
 x obj 1 c1 2
 x c3 1 spare 4
 y obj 1D0
 M2 'MARKER' 'INTEND'
 z c2 1 c3 -1
 w obj 3 $ comment
RHS
 RHS obj -7 c1 4
 RHS c2 1
RANGES
 RNG c1 3 c2 2
 RNG c3 -1
BOUNDS
 LO BND x 2
 UP BND z -1
 FR w
ENDATA
`

func TestMPSConventions(t *testing.T) {
	inf := math.Inf(1)
	m, err := ReadMPS("small", strings.NewReader(smallMPS))
	if err != nil {
		t.Fatal(err)
	}
	want := &Model{Maximize: true, Offset: 7}
	x := want.AddCol(2, inf, 1, true)
	want.AddCol(0, 1, 1, true)
	z := want.AddCol(-inf, -1, 0, false)
	want.AddCol(-inf, inf, 3, false)
	want.AddRow(1, 4, []Col{x}, []float64{2})
	want.AddRow(1, 3, []Col{z}, []float64{1})
	want.AddRow(-1, 0, []Col{x, z}, []float64{1, -1})
	if diff := difference(want, m); diff != "" {
		t.Fatalf("ReadMPS differs in %s", diff)
	}
}

func TestFixedMPSWithSpaces(t *testing.T) {
	src := "NAME\nROWS\n N  my cost\n L  lim 1\nCOLUMNS\n" +
		fmt.Sprintf("    %-10s%-10s%12s   %-10s%12s\n", "x one", "my cost", "-1.0", "lim 1", "1.0") +
		fmt.Sprintf("RHS\n    %-10s%-10s%12s\nENDATA\n", "RHS", "lim 1", "2.0")
	m, err := ReadMPS("spaces", strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	if m.ColName(0) != "x one" || m.RowName(0) != "lim 1" || m.cols[0].cost != -1 || m.rows[0].hi != 2 {
		t.Fatalf("ReadMPS = %+v", m)
	}
}

func TestLPForms(t *testing.T) {
	inf := math.Inf(1)
	src := `\ comment
Maximise profit: 2 x + 3y - z + 4
Subject To
 end: x - 1 >= 2
 rng: -1 <= x + y <= 5
 x + 2 y <= y + 3 z + 8
 - z <= 1
 eq: y = 2
Bounds
 x <= 4
 -inf <= y <= 1e30
 2 <= s <= 6
 z free
Generals
 z
Semi-continuous
 s
Binary
 b
End
`
	_, err := ReadLP("forms", strings.NewReader(src))
	if err == nil || !strings.Contains(err.Error(), "forms:6: column \"y\" has two terms") {
		t.Fatalf("ReadLP error = %v, want two terms in line 6", err)
	}
	m, err := ReadLP("forms", strings.NewReader(strings.Replace(src, "<= y + 3 z", "<= 3 z", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := &Model{Maximize: true, Offset: 4}
	x := want.AddCol(0, 4, 2, false)
	y := want.AddCol(-inf, inf, 3, false)
	z := want.AddCol(-inf, inf, -1, true)
	want.AddRow(2, inf, []Col{x}, []float64{1})
	want.AddRow(-1, 5, []Col{x, y}, []float64{1, 1})
	want.AddRow(-inf, 8, []Col{x, y, z}, []float64{1, 2, -3})
	want.AddRow(-inf, 1, []Col{z}, []float64{-1})
	want.AddRow(2, 2, []Col{y}, []float64{1})
	want.AddSemiCol(2, 6, 0, false)
	want.AddCol(0, 1, 0, true)
	if diff := difference(want, m); diff != "" {
		t.Fatalf("ReadLP differs in %s", diff)
	}
}

func TestFormatErrors(t *testing.T) {
	mps := func(old, new string) string { return strings.Replace(smallMPS, old, new, 1) }
	tests := []struct{ name, file, src, want string }{
		{"no end", "mps", mps("ENDATA", ""), "without ENDATA"},
		{"section", "mps", mps("RANGES", "SOS"), ":20: section"},
		{"bad row type", "mps", mps(" L c1", " Q c1"), ":5: row type"},
		{"row twice", "mps", mps(" G c2", " G c1"), ":6: row"},
		{"column twice", "mps", mps(" w obj 3", " x obj 3"), ":16: column"},
		{"entry twice", "mps", mps("x c3 1 spare 4", "x c3 1 c1 4"), ":12: column"},
		{"unknown row", "mps", mps("z c2", "z c9"), ":15: row"},
		{"NaN", "mps", mps("z c2 1", "z c2 nan"), ":15: coefficient"},
		{"infinite coefficient", "mps", mps("z c2 1", "z c2 inf"), ":15: coefficient"},
		{"overflow", "mps", mps("z c2 1", "z c2 1e999"), ":15: coefficient"},
		{"unknown column", "mps", mps("UP BND z", "UP BND q"), ":25: a line of BOUNDS"},
		{"bound type", "mps", mps("UP BND z", "XX BND z"), ":25: bound type"},
		{"sense", "mps", mps("OBJSENSE MAX", "OBJSENSE UP"), ":2: objective sense"},
		{"no objective", "lp", "st x >= 1 end", ":1: the file must begin"},
		{"quadratic", "lp", "min x + [ x ^ 2 ] st\n x >= 1 end", ":1"},
		{"no relation", "lp", "min x\nst\n x + y\nend", ":4: a relation"},
		{"no operator", "lp", "min x y\nst\nend", ":1: an operator"},
		{"row twice", "lp", "min x\nst\na: x >= 1\na: x <= 2\nend", ":4: row"},
		{"sos", "lp", "min x\nst\nsos\n s: x:1\nend", "sos"},
		{"no bound", "lp", "min x\nst\nbounds\n x\nend", ":4: column"},
		{"unexpected byte", "lp", "min \x01", ":1: character"},
	}
	for _, tt := range tests {
		t.Run(tt.file+" "+tt.name, func(t *testing.T) {
			var err error
			if tt.file == "mps" {
				_, err = ReadMPS("f", strings.NewReader(tt.src))
			} else {
				_, err = ReadLP("f", strings.NewReader(tt.src))
			}
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error = %v, want a FormatError with %q", err, tt.want)
			}
		})
	}
}

func TestSolutionRoundTrip(t *testing.T) {
	m := &Model{}
	m.NameCol(m.AddCol(0, 5, 1, true), "x")
	m.AddCol(0, 5, 1, false)
	m.NameCol(m.AddCol(0, 5, 1, false), "has space")
	want := []float64{3, 0.1, 2.5}
	var buf bytes.Buffer
	if err := m.WriteSolution(&buf, Result{Status: Optimal, X: want, Objective: 5.6}); err != nil {
		t.Fatal(err)
	}
	got, err := m.ReadSolution("s", &buf)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("ReadSolution = %v, %v; want %v", got, err, want)
	}
	if _, err := m.ReadSolution("s", strings.NewReader("x 1\nq 2\n")); err == nil || !strings.Contains(err.Error(), "s:2") {
		t.Fatalf("ReadSolution error = %v, want line 2", err)
	}
}

// fuzzRead asserts that what a reader accepts is valid and survives both writers.
func fuzzRead(f *testing.F, glob string, read func(string, []byte) (*Model, error)) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("MIXQ_SHARED"), "milp", "*", glob))
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil && len(data) < 4000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := read("fuzz", data)
		if err != nil {
			return
		}
		if err := m.Validate(); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
		var lp bytes.Buffer
		if err := m.WriteLP(&lp); err != nil {
			t.Fatal(err)
		}
		text := lp.String()
		back, err := ReadLP("back", &lp)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := difference(m, back); diff != "" {
			t.Fatalf("round trip differs in %s:\n%s", diff, text)
		}
	})
}

func FuzzReadMPS(f *testing.F) {
	f.Add([]byte(smallMPS))
	fuzzRead(f, "*.mps", func(name string, data []byte) (*Model, error) { return ReadMPS(name, bytes.NewReader(data)) })
}

func FuzzReadLP(f *testing.F) {
	f.Add([]byte("min x + 2 y st\n c: 1 <= x - y <= 3\nbounds\n x <= 5\ngeneral\n y\nend\n"))
	fuzzRead(f, "*.lp", func(name string, data []byte) (*Model, error) { return ReadLP(name, bytes.NewReader(data)) })
}

func FuzzReadSolution(f *testing.F) {
	m := &Model{}
	m.NameCol(m.AddCol(0, 5, 1, true), "x")
	m.AddCol(0, 5, 1, false)
	f.Add([]byte("# status optimal\nx 1\nc1 2.5\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := m.ReadSolution("fuzz", bytes.NewReader(data))
		if err == nil && len(x) != m.NumCols() {
			t.Fatalf("%d values for %d columns", len(x), m.NumCols())
		}
	})
}
