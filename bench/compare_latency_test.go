package bench

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// shell skips a test where there is no shell.
func shell(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell: ", err)
	}
}

// Commands alternate, and the ratio is that of the medians.
func TestCompareLatency(t *testing.T) {
	shell(t)
	log := filepath.Join(t.TempDir(), "log")
	a := `echo a >> ` + log + `; n=$(grep -c a ` + log + `); echo "{\"median_ms\": $((n * 2)), \"cpu_min_ms\": 3, \"isa\": \"x\"}"`
	b := `echo b >> ` + log + `; echo '{"median_ms": 10, "cpu_min_ms": 6}'`
	c, err := CompareLatency(context.Background(), [2]string{a, b}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if c.Median != [2]float64{4, 10} || c.Ratio != 2.5 || c.CPUMin != [2]float64{3, 6} || c.CPURatio != 2 || len(c.Rounds) != 3 {
		t.Errorf("got %+v", c)
	}
	if order, err := os.ReadFile(log); err != nil || string(order) != "a\nb\na\nb\na\nb\n" {
		t.Errorf("order %q, %v", order, err)
	}
	if c, err := CompareLatency(context.Background(), [2]string{a, `echo '{"median_ms": 1}'`}, 1); err != nil || c.CPURatio != 0 {
		t.Errorf("without processor time: %+v, %v", c, err)
	}
}

func TestCompareLatencyErrors(t *testing.T) {
	shell(t)
	const good = `echo '{"median_ms": 1}'`
	for _, tt := range []struct{ line, want string }{
		{"echo broken >&2; exit 3", "exit status 3: broken"},
		{"echo hello", "one JSON object"},
		{"echo {}", "median_ms is 0"},
	} {
		_, err := CompareLatency(context.Background(), [2]string{good, tt.line}, 1)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.line) {
			t.Errorf("%s: error %v, want one with the command and %q", tt.line, err, tt.want)
		}
	}
	if _, err := CompareLatency(context.Background(), [2]string{good, good}, 0); err == nil {
		t.Error("no rounds are accepted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := CompareLatency(ctx, [2]string{good, good}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}
