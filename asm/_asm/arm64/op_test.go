package arm64

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

const wordsFile = "testdata/words.txt"

var update = flag.Bool("update", false, "write "+wordsFile+" with llvm-mc")

// samples are instructions with every register field and lane in use.
func samples() []string {
	var lines []string
	eachSample(func(_ uint32, text string) { lines = append(lines, text) })
	return lines
}

func eachSample(f func(word uint32, text string)) {
	for _, o := range ops {
		for _, registers := range [][]int{{0, 1, 2}, {31, 30, 29}, {10, 21, 15}, {7, 8, 16}} {
			if !o.hasLane() {
				f(o.encode(registers[:o.arity()]...))
				continue
			}
			for n := range 4 {
				f(o.encode(append(registers[:3:3], n)...))
			}
		}
	}
}

// TestWords compares every instruction with what the assembler of LLVM makes of
// its text. To write the file again: go test -C asm/_asm ./arm64 -update.
func TestWords(t *testing.T) {
	if *update {
		writeWords(t)
	}
	data, err := os.ReadFile(wordsFile)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(data)) {
		word, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		want[text] = word
	}
	eachSample(func(word uint32, text string) {
		if got := fmt.Sprintf("%08x", word); got != want[text] {
			t.Errorf("%s is %s, want %q", text, got, want[text])
		}
	})
}

// writeWords asks llvm-mc, which prints bytes in memory order.
func writeWords(t *testing.T) {
	lines := samples()
	cmd := exec.Command("llvm-mc", "--triple=aarch64", "--mattr=+dotprod,+i8mm", "--show-encoding")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`encoding: \[0x(..),0x(..),0x(..),0x(..)\]`).FindAllSubmatch(out, -1)
	if len(found) != len(lines) {
		t.Fatalf("llvm-mc encoded %d of %d instructions", len(found), len(lines))
	}
	var b strings.Builder
	for i, f := range found {
		fmt.Fprintf(&b, "%s%s%s%s %s\n", f[4], f[3], f[2], f[1], lines[i])
	}
	if err := os.WriteFile(wordsFile, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestEncodePanics(t *testing.T) {
	for name, call := range map[string]func(){
		"register": func() { FADD.encode(0, 1, 32) },
		"negative": func() { FADD.encode(-1, 1, 2) },
		"lane":     func() { SDOT.encode(0, 1, 2, 4) },
		"arity":    func() { FADD.encode(0, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a bad operand was encoded")
				}
			}()
			call()
		})
	}
}
