package bench

import (
	"time"

	"mixq/asm"
)

// Peak is the speed of the micro-kernel for a bit-width on operands that stay
// in the first-level cache: what a convolution could reach that had nothing
// else to do.
type Peak struct {
	Bits   uint8   `json:"bits"`
	Kernel string  `json:"kernel"`
	GMACs  float64 `json:"gmacs_per_s"` // of one thread
}

// Sizes of a measurement of a peak: operands and sums take less than 48 KB.
const (
	peakDepth = 576                  // of a product, that of a 3x3 convolution of 64 channels
	peakRows  = 32                   // of activations, or the next multiple that a kernel takes
	peakTime  = 2 * time.Millisecond // of one sample, which an interruption seldom hits
	peakTries = 15
)

// peaks measures the micro-kernels of the current level.
func peaks(bits []uint8) []Peak {
	var ps []Peak
	for _, b := range bits {
		g := asm.GemmU8For(int(b))
		rows, n := (peakRows+g.MR-1)/g.MR*g.MR, g.Panels*g.NR
		a, c := make([]uint8, rows*peakDepth), make([]int32, rows*n)
		panels := make([]byte, g.Panels*g.PanelBytes(peakDepth))
		best := 0.0
		for range peakTries {
			start, runs := time.Now(), 0
			for time.Since(start) < peakTime {
				g.Run(c, a, peakDepth, rows, panels, g.Panels, peakDepth)
				runs++
			}
			best = max(best, float64(runs*rows*n*peakDepth)/float64(time.Since(start)))
		}
		ps = append(ps, Peak{b, g.Name, best})
	}
	return ps
}
