package asm

import "encoding/binary"

//go:generate go run -C _asm ./arm64/panel_u8 -out ../panel_u8_arm64.s

// Weights of b < 8 bits are kept in memory in b bits. A panel has the codes, from
// 0 up, in the order in which Run takes their weights, as planes: of the code's
// bits the lowest 4, the next 2 and the last one, as far as b is made of them. A row of a plane is 64 bytes and stands for 64·8/width codes, of which
// byte i has the codes i, i+64, i+128, ... from its lowest bits up. So 64 codes
// are a shift and a mask away, for any instruction set.
//
// Before the planes come the zero point of every channel, a byte each, so that
// memory is read in order, and after them the tail of the panel. Weights of 8 bits
// are bytes as they are.

const (
	rowU8  = 64 // codes of a row of a panel, bytes of a row of a plane
	unitU8 = 8  // rows that are expanded at once

	// slackU8 bytes after the last panel may be read, whatever they hold.
	slackU8 = 3 * rowU8
)

// layoutU8 is the order of the weights in a panel: blocks of some channels, each
// with groups of consecutive k,
//
//	panel[j/channels][l/group][j%channels][l%group] = w[j][l]
type layoutU8 struct{ channels, group int }

// zerosU8 are the zero points of the codes of two rows of a block.
type zerosU8 = [2 * rowU8]byte

// spread repeats the zero points of the channels of a block.
func (l layoutU8) spread(zero []uint8) (z zerosU8) {
	at := 0
	for _, v := range zero[:l.channels] {
		for end := at + l.group; at < end; at += 4 {
			binary.LittleEndian.PutUint32(z[at:], uint32(v)*0x0101_0101)
		}
	}
	for at < len(z) {
		at += copy(z[at:], z[:at])
	}
	return z
}

// place puts a row of codes where a panel with blocks of so many bytes has those
// of channel j.
func (l layoutU8) place(panel []byte, j int, codes []uint8, block int) {
	at, step := j/l.channels*block+j%l.channels*l.group, l.channels*l.group
	if l.group == 4 {
		for ; len(codes) >= 8; codes, at = codes[8:], at+2*step {
			v := binary.LittleEndian.Uint64(codes)
			binary.LittleEndian.PutUint32(panel[at:], uint32(v))
			binary.LittleEndian.PutUint32(panel[at+step:], uint32(v>>32))
		}
	}
	for ; len(codes) > 0; at += step {
		n := copy(panel[at:at+l.group], codes)
		codes = codes[n:]
	}
}

// kpad is k with the padding that panels have.
func (g *GemmU8) kpad(k int) int { return roundUp(k, max(g.KR, g.layout.group)) }

// blocks is the number of blocks of a panel.
func (g *GemmU8) blocks() int { return g.NR / g.layout.channels }

// blockRows is the number of rows of codes that are kept of a block of a panel:
// all but those that KR adds.
func (g *GemmU8) blockRows(k int) int {
	return (g.layout.channels*roundUp(k, g.layout.group) + rowU8 - 1) / rowU8
}

// planeBytes is the size of so many rows of codes as planes.
func planeBytes(rows, bits int) (n int) {
	for width := 4; width > 0; width /= 2 {
		if bits&width != 0 {
			n += (rows*width + 7) / 8 * rowU8
		}
	}
	return n
}

// PackedPanel is the size of a panel of NR rows of k weights of the given bits, as
// Pack makes it.
func (g *GemmU8) PackedPanel(k, bits int) int {
	if bits == 8 {
		return g.NR*g.kpad(k) + g.tail
	}
	return g.blocks()*planeBytes(g.blockRows(k), bits) + g.NR + g.tail
}

// PackedBytes is the size of n packed rows of k weights, with what Expand may read
// past them.
func (g *GemmU8) PackedBytes(n, k, bits int) int {
	size := (n + g.NR - 1) / g.NR * g.PackedPanel(k, bits)
	if bits < 8 {
		size += slackU8
	}
	return size
}

// PackScratch is the size of the scratch that Pack needs.
func (g *GemmU8) PackScratch(k int) int { return g.blocks() * g.blockRows(k) * rowU8 }

// Pack packs len(zero) rows of k weights of the given bits, 2 to 8, in panels of
// NR rows, padded with zero weights: weight w[j][l] is codes[j*k+l]-zero[j], where
// both are below 2^bits and their difference fits in WBits. It panics if codes has fewer than len(zero)*k elements,
// dst fewer than PackedBytes or scratch than PackScratch.
func (g *GemmU8) Pack(dst []byte, codes, zero []uint8, k, bits int, scratch []byte) {
	checkPanel(k, bits)
	switch {
	case len(codes) < len(zero)*k:
		panic(shortW)
	case len(dst) < g.PackedBytes(len(zero), k, bits) || len(scratch) < g.PackScratch(k):
		panic(shortDst)
	}
	panel := scratch[:g.PackScratch(k)]
	for len(zero) > 0 {
		n := min(len(zero), g.NR)
		g.packPanel(dst[:g.PackedPanel(k, bits)], panel, codes[:n*k], zero[:n], k, bits)
		dst, codes, zero = dst[g.PackedPanel(k, bits):], codes[n*k:], zero[n:]
	}
}

// packPanel packs one panel; panel is scratch for its codes.
func (g *GemmU8) packPanel(dst, panel []byte, codes, zero []uint8, k, bits int) {
	zeros := make([]uint8, g.NR)
	copy(zeros, zero)
	block := len(panel) / g.blocks()
	for b := range g.blocks() { // codes that are zero points, as padding
		fill(panel[b*block:][:block], g.layout.spread(zeros[b*g.layout.channels:]))
	}
	for j := range zero {
		g.layout.place(panel, j, codes[j*k:(j+1)*k], block)
	}
	body, tail := dst[:len(dst)-g.tail], dst[len(dst)-g.tail:]
	if bits < 8 {
		body = body[copy(body, zeros):]
	}
	for b := range g.blocks() {
		if p := panel[b*block:][:block]; bits < 8 {
			body = packPlanes(body, p, bits)
		} else {
			subtract(p, g.layout.spread(zeros[b*g.layout.channels:]))
			body = body[copy(body, p):]
		}
	}
	clear(body) // what KR adds
	if g.tail > 0 {
		g.packTail(tail, codes, zero, k)
	}
}

// fill repeats zero points.
func fill(codes []byte, zero zerosU8) {
	for len(codes) > 0 {
		codes = codes[copy(codes, zero[:]):]
	}
}

// packPlanes packs the codes of a block and returns what is left of dst.
func packPlanes(dst, codes []byte, bits int) []byte {
	shift := 0
	for width := 4; width > 0; width /= 2 {
		if bits&width != 0 {
			n := planeBytes(len(codes)/rowU8, width)
			packPlaneU8(dst[:n], codes, shift, width)
			dst, shift = dst[n:], shift+width
		}
	}
	return dst
}

// ones has a one in every byte.
const ones = 0x0101_0101_0101_0101

// subtract takes the zero points from rows of codes.
func subtract(codes []byte, zero zerosU8) {
	for ; len(codes) > 0; codes = codes[min(len(codes), len(zero)):] {
		for i := range min(len(codes), len(zero)) {
			codes[i] -= zero[i]
		}
	}
}

// asRun reports whether packed weights of that width are what Run takes.
func (g *GemmU8) asRun(bits int) bool { return bits == 8 && g.WBytes == 1 }

// ExpandBytes is the size of the scratch that Expand needs.
func (g *GemmU8) ExpandBytes(panels, k, bits int) int {
	if g.asRun(bits) {
		return 0
	}
	return panels*g.PanelBytes(k) + unitU8*rowU8
}

// Expand turns the first panels of packed into what Run takes and returns it: in
// dst, or packed itself if that is it. It panics if packed has fewer bytes than
// PackedBytes for so many panels or dst than ExpandBytes.
func (g *GemmU8) Expand(dst, packed []byte, panels, k, bits int) []byte {
	checkPanel(k, bits)
	switch {
	case panels < 0:
		panic(badSize)
	case len(packed) < g.PackedBytes(panels*g.NR, k, bits):
		panic(shortB)
	case len(dst) < g.ExpandBytes(panels, k, bits):
		panic(shortDst)
	}
	size := g.PanelBytes(k)
	if g.asRun(bits) {
		return packed[:panels*size]
	}
	stored := g.PackedPanel(k, bits)
	for p := range panels {
		g.expandPanel(dst[p*size:], packed[p*stored:], k, bits)
	}
	return dst[:panels*size]
}

// expandPanel expands one panel. It may write up to a unit of rows more, where
// the next panel or the slack of dst is.
func (g *GemmU8) expandPanel(dst, packed []byte, k, bits int) {
	n := g.NR * g.kpad(k)
	if g.WBytes == 1 {
		g.expandBlocks(dst, packed, k, bits)
		return
	}
	codes := packed
	if bits < 8 {
		codes = dst[n:] // the end is the one place from which widening never overtakes itself
		g.expandBlocks(codes, packed, k, bits)
	}
	widenU8(dst, codes, n/rowU8)
}

// expandBlocks makes a panel of bytes.
func (g *GemmU8) expandBlocks(dst, packed []byte, k, bits int) {
	rows := g.blockRows(k)
	size, block := planeBytes(rows, bits), g.layout.channels*g.kpad(k)
	zero, packed := packed[:g.NR], packed[g.NR:]
	for b := range g.blocks() {
		z := g.layout.spread(zero[b*g.layout.channels:])
		expandU8(dst, packed, bits, rows, &z)
		if n := rows * rowU8; n < block {
			clear(dst[n:block]) // what KR adds
		}
		dst, packed = dst[block:], packed[size:]
	}
	copy(dst[:g.tail], packed)
}

// checkPanel panics unless panels can have these sizes.
func checkPanel(k, bits int) {
	switch {
	case k < 0:
		panic(badSize)
	case bits < 2 || bits > 8:
		panic(badBits)
	}
}

// packTail writes, little-endian, what the kernels of signed activations leave out
// of each sum (_asm/arm64/gemm_u8/neon.go):
//
//	tail[j] = sum over l of w[j][l] * (128, but 127 in the upper half of a group of 16)
//
// All of them read ahead into the tail.
func (g *GemmU8) packTail(tail []byte, codes, zero []uint8, k int) {
	clear(tail)
	for j, z := range zero {
		var sum int32
		for l, u := range codes[j*k : (j+1)*k] {
			sum += (int32(u) - int32(z)) * int32(128-l%g.layout.group/8)
		}
		binary.LittleEndian.PutUint32(tail[4*j:], uint32(sum))
	}
}
