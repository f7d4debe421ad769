// Command mca estimates with llvm-mca how many cycles the inner loops of the
// arm64 micro-kernels take on cores that nobody here has. It knows the pipelines,
// not the caches. The table of asm/README.md is its output:
//
//	go run -C asm/_asm ./mca -llvm -19
//
// LLVM 16 is the first to know Neoverse N1.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// kernels lists the loops by the end of the name of their kernel. loop counts
// the backward branches of the code; macs are those of a pass.
var kernels = []struct {
	name       string
	loop, macs int
}{
	{"gemmF32_8x8_neon", 0, 2 * 8 * 8},
	{"gemmU8S8_4x16c16_single_neon", 0, 4 * 4 * 16},
	{"gemmU8S8_4x16c16_deep_neon", 0, 4 * 4 * 16},
	{"gemmU8S8_4x16c16_deep_neon", 1, 4 * 4 * 16}, // with the widening
	{"gemmU8S8_6x16c4_dotprod", 0, 6 * 16 * 16},
	{"gemmU8S8_6x16c8_i8mm", 0, 6 * 16 * 16},
	{"expandU8_neon", 1, 8 * 64}, // weights of 3 bits instead of MACs
	{"expandU8_neon", 2, 8 * 64}, // and of 4 bits
}

var cores = []string{"cortex-a55", "cortex-a72", "neoverse-n1", "neoverse-v1"}

const features = "+dotprod,+i8mm"

var llvm = flag.String("llvm", "", "`SUFFIX` of the names of the LLVM tools, such as -19")

func main() {
	log.SetFlags(0)
	flag.Parse()
	dir, err := os.MkdirTemp("", "mca")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "asm.test")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Dir = ".."
	build.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	output(build, "")
	fmt.Printf("| loop | instructions | MACs | %s |\n", strings.Join(cores, " | "))
	for _, k := range kernels {
		body := loops(disassemble(binary, k.name))[k.loop]
		fmt.Printf("| `%s` | %d | %d", k.name, len(body), k.macs)
		for _, core := range cores {
			c := cycles(body, core)
			fmt.Printf(" | %.0f (%.1f)", c, float64(k.macs)/c)
		}
		fmt.Println(" |")
	}
}

// output runs a command; what is wrong with it ends the program.
func output(cmd *exec.Cmd, stdin string) string {
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		log.Fatalf("%v: %v\n%s", cmd, err, stderr.String())
	}
	return string(out)
}

// instruction is a line of a disassembly. target is where it branches to.
type instruction struct {
	address, target uint64
	text            string
}

var (
	line   = regexp.MustCompile(`(?m)^ *([0-9a-f]+):\s+([^/\n]*)`)
	branch = regexp.MustCompile(`^(b(?:\.\w+)?\s|cbn?z\s+\w+, |tbn?z\s+\w+, #\w+, )\s*0x([0-9a-f]+).*`)
)

func disassemble(binary, kernel string) []instruction {
	text := output(exec.Command("llvm-objdump"+*llvm, "-d", "--no-show-raw-insn", "--mattr="+features,
		"--disassemble-symbols=mixq/asm."+kernel+"_asm.abi0", binary), "")
	var code []instruction
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		i := instruction{text: m[2]}
		i.address, _ = strconv.ParseUint(m[1], 16, 64)
		if b := branch.FindStringSubmatch(m[2]); b != nil {
			i.target, _ = strconv.ParseUint(b[2], 16, 64)
			i.text = b[1] + "loop" // where to does not matter to the pipelines
		}
		code = append(code, i)
	}
	return code
}

// loops cuts the code out that backward branches repeat, in their order.
func loops(code []instruction) [][]instruction {
	var found [][]instruction
	for end, i := range code {
		for start := range end {
			if code[start].address == i.target {
				found = append(found, code[start:end+1])
			}
		}
	}
	return found
}

var total = regexp.MustCompile(`Total Cycles: +(\d+)`)

// cycles is what a pass of a loop takes in the long run.
func cycles(body []instruction, core string) float64 {
	const passes = 1000
	var text strings.Builder
	text.WriteString("loop:\n")
	for _, i := range body {
		text.WriteString(i.text + "\n")
	}
	out := output(exec.Command("llvm-mca"+*llvm, "-march=aarch64", "-mcpu="+core, "-mattr="+features,
		fmt.Sprintf("-iterations=%d", passes)), text.String())
	m := total.FindStringSubmatch(out)
	if m == nil {
		log.Fatalf("llvm-mca prints no cycles:\n%s", out)
	}
	n, _ := strconv.Atoi(m[1])
	return float64(n) / passes
}
