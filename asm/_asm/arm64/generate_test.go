package arm64

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestCheckedInFilesAreCurrent runs every generator of this directory.
func TestCheckedInFilesAreCurrent(t *testing.T) {
	generators, err := filepath.Glob("*/main.go")
	if err != nil || len(generators) == 0 {
		t.Fatalf("no generators found: %v", err)
	}
	for _, main := range generators {
		name := filepath.Dir(main)
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.s")
			if msg, err := exec.Command("go", "run", "./"+name, "-out", out).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			got, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join("..", "..", name+"_arm64.s"))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s_arm64.s is stale: run go generate ./asm", name)
			}
		})
	}
}
