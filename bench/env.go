package bench

import (
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
}

// Here describes the running program.
func Here() Env {
	e := Env{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Level: isa.Current().String(), CPUs: runtime.NumCPU()}
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
