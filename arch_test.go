// Package mixq_test holds the architecture of mixq to its rules: what may import
// what, what an embedding program pays, and what lies at the top of the
// repository.
package mixq_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rules lists, for every package of the module, what its non-test files may
// import besides the standard library: packages of mixq, and modules of others
// by a prefix of the import path. "..." at the end of a package stands for all
// packages below it, "any" for no restriction.
//
// Two departures from the plan are deliberate: internal/par, which is only
// loops, is open to all that work on many images, and quantize asks internal/isa
// for the level that it records.
var rules = []struct {
	pkg string
	may []string
}{
	{"internal/par", nil},
	{"internal/golden", nil},
	{"internal/isa", []string{"github.com/klauspost/cpuid/v2", "golang.org/x/sys"}},
	{"internal/isatest", []string{"internal/isa"}},
	{"milp", []string{"milp/internal/lp"}},
	{"milp/internal/lp", nil},
	{"asm", []string{"internal/isa"}},
	{"tensor/kernel", []string{"asm"}},
	{"tensor", []string{"tensor/kernel", "internal/par"}},
	{"nn", []string{"tensor", "tensor/kernel"}},
	{"autograd", []string{"tensor", "tensor/kernel", "internal/par"}},
	{"dataset", []string{"tensor", "internal/par"}},
	{"nn/rewrite", []string{"nn", "tensor", "tensor/kernel"}},
	{"models", []string{"nn", "tensor", "any"}},
	{"models/safetensors", []string{"nn", "tensor", "any"}},
	{"models/torchfile", []string{"nn", "tensor", "any"}},
	{"models/onnx", []string{"nn", "tensor", "tensor/kernel", "any"}},
	{"infer/artifact", []string{"nn", "tensor", "tensor/kernel", "golang.org/x/sys"}},
	{"infer", []string{"infer/artifact", "nn", "nn/rewrite", "tensor", "tensor/kernel", "internal/par"}},
	{"nn/train", []string{"nn", "nn/train/optim", "autograd", "tensor", "internal/par"}},
	{"nn/train/optim", []string{"autograd", "tensor"}},
	{"quantize", []string{
		"nn", "nn/rewrite", "nn/train", "nn/train/optim", "infer", "infer/artifact", "autograd",
		"milp", "tensor", "tensor/kernel", "internal/par", "internal/isa", "gonum.org/v1/gonum",
	}},
	{"examples/...", []string{"infer", "infer/artifact", "tensor"}},
	{"bench/...", []string{"mixq/...", "any"}},
	{"cmd/...", []string{"mixq/...", "any"}},
}

const module = "mixq"

// TestImports fails on every import that rules does not allow, and on packages
// that rules does not know.
func TestImports(t *testing.T) {
	for _, dir := range packages(t) {
		may, known := allowed(dir)
		if !known {
			t.Errorf("package %s has no row in rules", dir)
			continue
		}
		for _, imp := range imports(t, dir) {
			if !isAllowed(imp, may) {
				t.Errorf("%s must not import %s", dir, imp)
			}
		}
	}
}

func allowed(pkg string) (may []string, known bool) {
	for _, r := range rules {
		if matches(r.pkg, pkg) {
			return r.may, true
		}
	}
	return nil, false
}

// matches reports whether pkg is pattern, or below it if it ends in "...".
func matches(pattern, pkg string) bool {
	tree, ok := strings.CutSuffix(pattern, "/...")
	return pkg == tree || ok && strings.HasPrefix(pkg, tree+"/")
}

func isAllowed(imp string, may []string) bool {
	own, isOwn := strings.CutPrefix(imp, module+"/")
	isModule := strings.Contains(strings.Split(imp, "/")[0], ".")
	switch {
	case imp == "C" || imp == "math/rand":
		return false // no cgo; math/rand/v2 has explicit seeds
	case isOwn:
		return slices.ContainsFunc(may, func(m string) bool {
			return m == own || m == module+"/..." && !strings.HasPrefix(own, "cmd/")
		})
	case isModule:
		return slices.ContainsFunc(may, func(m string) bool {
			return m == "any" || imp == m || strings.HasPrefix(imp, m+"/")
		})
	}
	return true
}

// packages lists the folders of the module that hold non-test Go files, as
// import paths below the module.
func packages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && outside(p):
			return fs.SkipDir
		case !d.IsDir() && isSource(p):
			if dir := filepath.ToSlash(filepath.Dir(p)); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// outside reports whether the go command leaves the folder out of the module.
func outside(dir string) bool {
	base := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return base == "testdata" || strings.ContainsAny(base[:1], "._") || err == nil
}

func isSource(file string) bool {
	return strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go")
}

// imports lists what the non-test files in dir import, whatever their build
// constraints.
func imports(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if !isSource(e.Name()) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// The budgets of an embedding program.
const (
	maxEmbedded = 100     // packages that infer depends on, the standard library's among them
	maxBinary   = 6 << 20 // bytes of a stripped program for arm64
)

// TestInferDependencies holds what an embedding program compiles to its budget.
func TestInferDependencies(t *testing.T) {
	deps := strings.Fields(run(t, nil, "list", "-deps", "./infer"))
	if len(deps) > maxEmbedded {
		t.Errorf("infer depends on %d packages, more than %d", len(deps), maxEmbedded)
	}
	for _, banned := range []string{"autograd", "nn/train", "quantize", "milp", "models", "dataset"} {
		if slices.ContainsFunc(deps, func(d string) bool { return matches(module+"/"+banned+"/...", d) }) {
			t.Errorf("infer depends on %s", banned)
		}
	}
	if i := slices.IndexFunc(deps, func(d string) bool { return strings.HasPrefix(d, "gonum.org/") }); i >= 0 {
		t.Errorf("infer depends on %s", deps[i])
	}
}

// TestEmbeddedSize builds the example that embeds infer as a device would run
// it.
func TestEmbeddedSize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for arm64, which takes a while; not in short mode")
	}
	program := filepath.Join(t.TempDir(), "embed")
	env := []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0"}
	run(t, env, "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./examples/embed")
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() > maxBinary {
		t.Errorf("the stripped program has %d bytes, more than %d", info.Size(), maxBinary)
	}
}

// run runs the go command and returns what it prints.
func run(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// topLevel is all that may lie at the top of the repository.
var topLevel = []string{
	".ci", ".git", ".gitignore", "LICENSE", "README.md", "arch_test.go", "asm", "autograd", "bench",
	"cmd", "dataset", "docs", "examples", "go.mod", "go.sum", "infer", "internal", "milp", "models",
	"nn", "quantize", "tensor", "testdata",
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredNames(t)
	for _, e := range entries {
		name := e.Name()
		isIgnored := slices.ContainsFunc(ignored, func(pattern string) bool {
			ok, err := path.Match(pattern, name)
			return err == nil && ok
		})
		if !isIgnored && !slices.Contains(topLevel, name) {
			t.Errorf("%s has no place at the top of the repository", name)
		}
	}
}

// ignoredNames lists the patterns of .gitignore.
func ignoredNames(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(".gitignore")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var patterns []string
	s := bufio.NewScanner(f)
	for s.Scan() {
		patterns = append(patterns, strings.TrimPrefix(s.Text(), "/"))
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return patterns
}
