package arm64

import "testing"

func TestFrame(t *testing.T) {
	f := newFrame("(a, b *byte, s int32, lo float32, n int, odd int32) (ok bool)")
	for name, want := range map[string]string{
		"a": "a+0(FP)", "b": "b+8(FP)", "s": "s+16(FP)", "lo": "lo+20(FP)",
		"n": "n+24(FP)", "odd": "odd+32(FP)", "ok": "ok+40(FP)",
	} {
		if got := f.Of(name); got != want {
			t.Errorf("%s is at %s, want %s", name, got, want)
		}
	}
	if f.size != 41 {
		t.Errorf("size = %d, want 41", f.size)
	}
}
