package quantize

import (
	"strings"
	"testing"
)

func TestParseBudget(t *testing.T) {
	tests := []struct {
		in, out string
		want    Budget
	}{
		{"8x", "8x", Budget{Compression, 8}},
		{"10.67x", "10.67x", Budget{Compression, 10.67}},
		{"size=8x", "8x", Budget{Compression, 8}},
		{"4.0b", "4b", Budget{AverageBits, 4}},
		{"3b", "3b", Budget{AverageBits, 3}},
		{"6MB", "6MB", Budget{FileBytes, 6e6}},
		{"150kB", "150kB", Budget{FileBytes, 150e3}},
		{"150KB", "150kB", Budget{FileBytes, 150e3}},
		{"1.5MiB", "1.5MiB", Budget{FileBytes, 1.5 * (1 << 20)}},
		{"64KiB", "64KiB", Budget{FileBytes, 65536}},
		{"1001B", "1.001kB", Budget{FileBytes, 1001}},
		{"999B", "999B", Budget{FileBytes, 999}},
		{"bops=1.2G", "bops=1.2G", Budget{BitOperations, 1.2e9}},
		{"bops=41.1M", "bops=41.1M", Budget{BitOperations, 41100000}},
		{"bops=1234567", "bops=1.234567M", Budget{BitOperations, 1234567}},
		{"bops=64x", "bops=64x", Budget{BOPsCompression, 64}},
		{"latency=5ms", "latency=5ms", Budget{RunTime, 5e6}},
		{"latency=1h", "latency=1h", Budget{RunTime, 3600e9}},
		{"latency=7µs", "latency=7us", Budget{RunTime, 7e3}},
		{"latency=1ns", "latency=1ns", Budget{RunTime, 1}},
		{"bops=33657585664", "bops=33.657585664G", Budget{BitOperations, 33657585664}},
		{"bops=5000T", "bops=5000000000000000", Budget{BitOperations, 5e15}},
		{"latency=90m", "latency=90m", Budget{RunTime, 5400e9}},
		{"memory=64kB", "memory=64kB", Budget{ActivationBytes, 64e3}},
	}
	for _, tt := range tests {
		got, err := ParseBudget(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("ParseBudget(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
		back, err := ParseBudget(got.String())
		if err != nil || back != got || got.String() != tt.out {
			t.Errorf("%q became %v and came back as %v, %v", tt.in, got, back, err)
		}
	}
	for _, in := range []string{"", "8", "x", "-8x", "0x", "NaNx", "Infx", "8X", "8 x", "MB", "1e400x", "0.3B", "bops=4b",
		"latency=5", "latency=8x", "memory=1.2G", "speed=5", "=8x", "bops="} {
		if got, err := ParseBudget(in); err == nil {
			t.Errorf("ParseBudget(%q) = %v, want an error", in, got)
		} else if !strings.Contains(err.Error(), `"`+in+`"`) {
			t.Errorf("ParseBudget(%q): error %v does not quote it", in, err)
		}
	}
}
