// Package isatest runs tests on every instruction set level of the machine.
package isatest

import (
	"os"
	"slices"
	"testing"

	"mixq/internal/isa"
)

// Each runs f once for every level of this architecture, best first and Generic
// last, as a subtest named after the level and with the level forced. A level
// that this machine lacks is skipped, or fails if MIXQ_CI_FLAGSHIP=1 says that
// the machine is supposed to have them all. f must not call t.Parallel.
func Each(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	available := isa.Available()
	for _, level := range slices.Backward(isa.Supported()) {
		t.Run(level.String(), func(t *testing.T) {
			if !slices.Contains(available, level) {
				if os.Getenv("MIXQ_CI_FLAGSHIP") == "1" {
					t.Fatalf("MIXQ_CI_FLAGSHIP=1, but level %v is not available", level)
				}
				t.Skipf("level %v is not available on this machine or under this MIXQ_ISA", level)
			}
			defer isa.Force(level)()
			f(t)
		})
	}
}
