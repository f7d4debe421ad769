// Package asm tests that the checked-in assembly is what the generators write.
// Run it with go test -C asm/_asm from the root of the repository.
package asm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// generators lists the folders that write amd64 assembly, one for every file of
// it; those of arm64 have tests of their own.
func generators(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../*_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("assembly: %v, %v", files, err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), "_amd64.s")
	}
	return files
}

// body is a generated file without its first line, which names the command.
func body(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(data, []byte("\n"))
	return rest
}

func TestCheckedInFilesAreCurrent(t *testing.T) {
	for _, name := range generators(t) {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.s")
			if msg, err := exec.Command("go", "run", "./"+name, "-out", out).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			if !bytes.Equal(body(t, out), body(t, "../"+name+"_amd64.s")) {
				t.Errorf("%s_amd64.s is stale: run go generate ./asm", name)
			}
		})
	}
}

// allowed lists, by the end of a kernel's name, what its level guarantees. It
// catches a generator that has run out of registers: avo then takes the upper
// sixteen, which AVX2 does not have.
var allowed = map[string]*regexp.Regexp{
	"sse":        sse,
	"avx2":       avx2,
	"avx512":     avx512,
	"avx512vnni": avx512,
	"amx":        amx,
}

// The prefetch instructions, which every amd64 processor has, are what avo calls
// MMX+.
var (
	sse    = regexp.MustCompile(`^MMX\+$`)
	avx2   = regexp.MustCompile(`^(MMX\+|AVX|AVX2|FMA3|BMI2|CMOV)$`)
	avx512 = regexp.MustCompile(avx2.String() + `|^AVX512(F|BW|DQ|VL|VNNI)$`)
	amx    = regexp.MustCompile(avx512.String() + `|^AMX-(TILE|INT8)$`)
)

func TestKernelsKeepToTheirLevel(t *testing.T) {
	function := regexp.MustCompile(`// func (\w+)_(\w+)_asm\(.*\n// Requires: (.*)\n`)
	for _, name := range generators(t) {
		found := function.FindAllSubmatch(body(t, "../"+name+"_amd64.s"), -1)
		if len(found) == 0 {
			t.Errorf("%s_amd64.s: no kernels found", name)
		}
		for _, f := range found {
			level := string(f[2])
			for _, feature := range strings.Split(string(f[3]), ", ") {
				if allowed[level] == nil || !allowed[level].MatchString(feature) {
					t.Errorf("%s_%s requires %s", f[1], level, feature)
				}
			}
		}
	}
}
