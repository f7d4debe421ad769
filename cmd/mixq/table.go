package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is text in columns; the first is aligned left, all others right.
type table [][]string

func (t *table) row(cells ...string) { *t = append(*t, cells) }

func (t table) print(w io.Writer) {
	var width []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range t {
		var line strings.Builder
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(&line, "%-*s", width[i], cell)
				continue
			}
			fmt.Fprintf(&line, "  %*s", width[i], cell)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// kilo is a number of bytes in units of 1000.
func kilo(bytes int64) string { return fmt.Sprintf("%.2f", float64(bytes)/1000) }

// amount is a large number with a unit such as G.
func amount(n int64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}} {
		if float64(n) >= u.size {
			return fmt.Sprintf("%.3f %s", float64(n)/u.size, u.name)
		}
	}
	return fmt.Sprint(n)
}
