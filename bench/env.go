package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"mixq/internal/isa"
)

// Env is what a result depends on besides its spec and data.
type Env struct {
	Go     string
	OS     string
	Arch   string
	Level  string // instruction set level the kernels used
	CPUs   int
	Commit string // of mixq; "" when it was built without version control, "+" appended for local changes

	Program string `json:",omitempty"` // SHA-256 of the program that ran; "" if that cannot be read
}

// Here describes the running program.
func Here() Env {
	e := Env{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Level: isa.Current().String(), CPUs: runtime.NumCPU(), Program: program()}
	if info, ok := debug.ReadBuildInfo(); ok {
		dirty := ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				e.Commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "+"
			}
		}
		e.Commit += dirty
	}
	return e
}

// program is the hash of the executable file, which tells versions of the code
// apart whether they are committed or not.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
