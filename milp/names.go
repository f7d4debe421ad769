package milp

import (
	"fmt"
	"strings"
)

// fileNames are the names of a model that a file format can hold.
type fileNames struct {
	objective  string
	rows, cols []string
}

// fileNames returns the names of m, with those that safe refuses or that occur
// twice replaced by new ones.
func (m *Model) fileNames(safe func(string) bool) fileNames {
	unique := func(n int, name func(int) string, prefix string) []string {
		out := make([]string, n)
		taken := make(map[string]bool, n)
		for i := range out {
			if s := name(i); safe(s) && !taken[s] {
				out[i] = s
				taken[s] = true
			}
		}
		for i := range out {
			for k := i; out[i] == ""; k += n {
				if s := fmt.Sprintf("%s%d", prefix, k); !taken[s] {
					out[i] = s
					taken[s] = true
				}
			}
		}
		return out
	}
	f := fileNames{
		rows: unique(len(m.rows), func(i int) string { return m.rows[i].name }, "r"),
		cols: unique(len(m.cols), func(j int) string { return m.cols[j].name }, "c"),
	}
	f.objective = "obj"
	for contains(f.rows, f.objective) {
		f.objective += "_"
	}
	return f
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// safeName returns name if safe accepts it, otherwise other.
func safeName(name string, safe func(string) bool, other string) string {
	if safe(name) {
		return name
	}
	return other
}

// mpsSafe reports whether free MPS can hold the name.
func mpsSafe(s string) bool {
	return s != "" && s[0] != '$' && s[0] != '*' && s != "'MARKER'" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// lpSafe reports whether the LP format can hold the name.
func lpSafe(s string) bool {
	if s == "" || s[0] == '.' || s[0] >= '0' && s[0] <= '9' || lpKeyword(s) != "" || isInfinityWord(s) || strings.EqualFold(s, "free") {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}
