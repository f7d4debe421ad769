package milp

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// FormatError says what is wrong with a model file, and where.
type FormatError struct {
	File string
	Line int // 1 is the first; 0 if the file as a whole is meant
	Msg  string
}

// Error implements error.
func (e *FormatError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("milp: %s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("milp: %s:%d: %s", e.File, e.Line, e.Msg)
}

// maxWarnings is the number of remarks on a file that a reader keeps.
const maxWarnings = 20

// maxLine is the longest line a reader accepts, in bytes.
const maxLine = 1 << 24

// fileInfinity is the magnitude from which bounds and sides in files mean infinity.
const fileInfinity = 1e20

// ReadFile reads a model from an MPS file (.mps) or a CPLEX LP file (.lp),
// compressed with gzip or not (whatever the name says).
func ReadFile(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("milp: %w", err)
	}
	defer f.Close()
	opened := false
	open := func() (io.Reader, error) {
		if opened { // not before: pipes cannot go back
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return nil, fmt.Errorf("milp: %w", err)
			}
		}
		opened = true
		return decompressed(f)
	}
	switch name := strings.TrimSuffix(strings.ToLower(path), ".gz"); {
	case strings.HasSuffix(name, ".mps"):
		return readMPS(path, open)
	case strings.HasSuffix(name, ".lp"):
		r, err := open()
		if err != nil {
			return nil, err
		}
		return ReadLP(path, r)
	}
	return nil, &FormatError{path, 0, "unknown kind of file; the name must end in .mps or .lp, or these and .gz"}
}

// decompressed reads f, through gzip if it is compressed.
func decompressed(f *os.File) (io.Reader, error) {
	br := bufio.NewReaderSize(f, 1<<16)
	if magic, _ := br.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return br, nil
	}
	r, err := gzip.NewReader(br)
	if err != nil {
		return nil, fmt.Errorf("milp: %s: %w", f.Name(), err)
	}
	return r, nil
}

// lineReader yields the lines of a file with their numbers.
type lineReader struct {
	file     string
	num      int
	sc       *bufio.Scanner
	warnings []string
}

func newLineReader(file string, r io.Reader) *lineReader {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 1<<16), maxLine)
	return &lineReader{file: file, sc: sc}
}

// next returns the next line without its end; ok is false at the end of the file.
func (l *lineReader) next() (line []byte, ok bool) {
	if !l.sc.Scan() {
		return nil, false
	}
	l.num++
	return l.sc.Bytes(), true
}

// end returns the error that ended the file early, if any.
func (l *lineReader) end() error {
	switch err := l.sc.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, bufio.ErrTooLong):
		return &FormatError{l.file, l.num + 1, fmt.Sprintf("line longer than %d bytes", maxLine)}
	default:
		return fmt.Errorf("milp: %s:%d: %w", l.file, l.num+1, err)
	}
}

// warnf keeps a remark on the given line.
func (l *lineReader) warnf(line int, format string, args ...any) {
	if len(l.warnings) < maxWarnings {
		l.warnings = append(l.warnings, fmt.Sprintf("%s:%d: %s", l.file, line, fmt.Sprintf(format, args...)))
	}
}

func (l *lineReader) errorf(format string, args ...any) error {
	return &FormatError{l.file, l.num, fmt.Sprintf(format, args...)}
}

// parseNumber reads a decimal number or an infinity, also with Fortran's D for
// the exponent. NaN is not a number.
func parseNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrSyntax) && strings.ContainsAny(s, "dD") {
		v, err = strconv.ParseFloat(strings.NewReplacer("d", "e", "D", "e").Replace(s), 64)
	}
	if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(v) || strings.ContainsAny(s, "_xX") {
		return 0, false
	}
	return v, true
}

// infiniteFrom maps what files use for infinity to infinity.
func infiniteFrom(v float64) float64 {
	if math.Abs(v) >= fileInfinity {
		return math.Inf(int(math.Copysign(1, v)))
	}
	return v
}

// formatNumber prints the shortest decimal that reads back as v.
func formatNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
