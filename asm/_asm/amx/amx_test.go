package amx

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/mmcloughlin/avo/reg"
)

const bytesFile = "testdata/bytes.txt"

var update = flag.Bool("update", false, "write "+bytesFile+" with llvm-mc")

// samples are instructions with every field of every operand in use.
func samples() []instruction {
	s := []instruction{release()}
	for t := range Tile(8) {
		s = append(s, zero(t), dotU8S8(t, 0, 7), dotU8S8(7, t, 0), dotU8S8(0, 7, t))
	}
	for _, base := range []GP{reg.RAX, reg.RBX, reg.RDI, reg.R8, reg.R11, reg.R15} {
		s = append(s, loadConfig(base))
		for i, stride := range []GP{reg.RAX, reg.RBP, reg.RSI, reg.R9, reg.R12, reg.R15} {
			s = append(s, load(base, stride, Tile(i)), store(Tile(7-i), base, stride))
		}
	}
	return s
}

// TestBytes compares every instruction with what the assembler of LLVM makes of
// its text. To write the file again: go test -C asm/_asm ./amx -update.
func TestBytes(t *testing.T) {
	if *update {
		writeBytes(t)
	}
	file, err := os.ReadFile(bytesFile)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(file)) {
		code, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		want[text] = code
	}
	for _, s := range samples() {
		if got := fmt.Sprintf("%x", s.bytes); got != want[s.text] {
			t.Errorf("%s is %s, want %q", s.text, got, want[s.text])
		}
	}
}

func writeBytes(t *testing.T) {
	var in, out strings.Builder
	for _, s := range samples() {
		fmt.Fprintln(&in, s.text)
	}
	cmd := exec.Command("llvm-mc", "--triple=x86_64", "--mattr=+amx-tile,+amx-int8", "--show-encoding")
	cmd.Stdin = strings.NewReader(in.String())
	listing, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`encoding: \[(.*)\]`).FindAllSubmatch(listing, -1)
	if len(found) != len(samples()) {
		t.Fatalf("llvm-mc encoded %d of %d instructions", len(found), len(samples()))
	}
	for i, s := range samples() {
		code := strings.NewReplacer("0x", "", ",", "").Replace(string(found[i][1]))
		fmt.Fprintf(&out, "%s %s\n", code, s.text)
	}
	if err := os.WriteFile(bytesFile, []byte(out.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestEncodePanics(t *testing.T) {
	for name, call := range map[string]func(){
		"tile":     func() { zero(8) },
		"negative": func() { zero(-1) },
		"base bp":  func() { loadConfig(reg.RBP) },
		"base r12": func() { load(reg.R12, reg.RAX, 0) },
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
