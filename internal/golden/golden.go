// Package golden is what tests share: it finds the material beside the module,
// measures errors of float results and compares text with recorded files. Only
// tests import it.
package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// update is the flag that makes Text record instead of compare:
// go test ./pkg -update.
var update = flag.Bool("update", false, "rewrite golden text files instead of comparing with them")

// Shared returns the path of a file or folder of the shared material: under
// $MIXQ_SHARED, or the folder "shared" beside the module. It skips the test
// when that path does not exist.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv("MIXQ_SHARED")
	if dir == "" {
		dir = filepath.Join(filepath.Dir(moduleRoot(t)), "shared")
	}
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("shared material is absent: %v (set MIXQ_SHARED to the folder that holds it)", err)
	}
	return path
}

// CIFAR returns the folder of the CIFAR-10 binary files: the unpacked one in
// the user's cache, which has all training batches, or the one of the shared
// material, which has at least the test batch and one training batch. It skips
// the test when there is neither.
func CIFAR(t testing.TB) string {
	t.Helper()
	const name = "cifar-10-batches-bin"
	if cache, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(cache, "mixq", name)
		if _, err := os.Stat(filepath.Join(dir, "test_batch.bin")); err == nil {
			return dir
		}
	}
	return Shared(t, "data", name)
}

// RelErr is max|got-want| / max|want| (NUMERICS.md 26). It is +Inf when the
// lengths differ, when either holds a NaN, and when want is all zero and got
// is not.
func RelErr(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var diff, size float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		diff, size = max(diff, d), max(size, math.Abs(float64(w)))
	}
	if diff == 0 {
		return 0
	}
	return diff / size
}

// Text compares got with the file testdata/name of the package under test and
// fails the test with the first differing line. With -update it writes the
// file instead.
func Text(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s does not exist; run the test with -update to record it", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := firstDiff([]byte(got), want); d != "" {
		t.Errorf("%s: %s\nif the change is meant, run the test with -update", path, d)
	}
}

// firstDiff describes the first line in which got and want differ; "" if none.
func firstDiff(got, want []byte) string {
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if bytes.Equal(got, want) {
		return ""
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	i := 0
	for i < len(g) && i < len(w) && bytes.Equal(g[i], w[i]) {
		i++
	}
	return fmt.Sprintf("line %d: got %q, want %q", i+1, line(g, i), line(w, i))
}

func line(lines [][]byte, i int) string {
	if i >= len(lines) {
		return "end of file"
	}
	return string(lines[i])
}

// moduleRoot is the folder of go.mod, at or above the working directory, which
// go test sets to the folder of the package under test.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("golden: no go.mod at or above the working directory")
		}
		dir = parent
	}
}
