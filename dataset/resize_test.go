package dataset

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"testing"
)

// noisy is the picture that testdata/pillow.py makes, with four bytes a pixel.
func noisy(width, height int) []uint8 {
	state := uint32(width*65536 + height)
	pix := make([]uint8, 4*width*height)
	for i := range pix {
		if i%4 < 3 {
			state = state*1664525 + 1013904223
			pix[i] = uint8(state >> 24)
		}
	}
	return pix
}

// TestPillow compares resized and cropped pictures with what Pillow made of
// them, byte by byte.
func TestPillow(t *testing.T) {
	text, err := os.ReadFile("testdata/pillow.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Width, Height, Resize, Crop int
			Hex                         string
			CRC32                       uint32
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Cases) == 0 {
		t.Fatal(err, len(golden.Cases))
	}
	for _, tt := range golden.Cases {
		t.Run(fmt.Sprintf("%dx%d/%d/%d", tt.Width, tt.Height, tt.Resize, tt.Crop), func(t *testing.T) {
			x, y, err := Preprocess{Resize: tt.Resize, Crop: tt.Crop}.window(tt.Width, tt.Height)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]uint8, 3*tt.Crop*tt.Crop)
			resample(got, noisy(tt.Width, tt.Height), 4*tt.Width, x, y)
			if want, _ := hex.DecodeString(tt.Hex); len(want) > 0 && !bytes.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			if sum := crc32.ChecksumIEEE(got); sum != tt.CRC32 {
				t.Errorf("CRC-32 %#x, want %#x", sum, tt.CRC32)
			}
		})
	}
}

func BenchmarkResample(b *testing.B) {
	pix := noisy(500, 375)
	dst := make([]uint8, 3*224*224)
	b.SetBytes(int64(len(pix)))
	for b.Loop() {
		x, y, err := Preprocess{Resize: 256, Crop: 224}.window(500, 375)
		if err != nil {
			b.Fatal(err)
		}
		resample(dst, pix, 4*500, x, y)
	}
}
