package kernel

import "mixq/asm"

// Cache blocks of Gemm. A panel of kc x NR floats of B stays in the first-level
// cache while the mc x kc block of A streams from the second; kc x nc floats of
// B fit the last level. No bit of the result depends on them, because every
// element of C is one chain over k (asm.GemmF32).
const (
	gemmKC = 256
	gemmMC = 240
	gemmNC = 1024
)

// Messages of the panics that bad arguments cause.
const (
	badGemmSize  = "kernel: gemm: negative size"
	badGemmLD    = "kernel: gemm: leading dimension is shorter than a row"
	shortScratch = "kernel: scratch is too short"
)

// Gemm computes C = alpha*op(A)*op(B) + beta*C in float32, where op(A) is m x k,
// op(B) is k x n and C is m x n, all row-major with leading dimensions lda, ldb
// and ldc. op transposes what is stored if transA or transB is set. With beta
// zero the old C is not read, so it may hold NaN. scratch must have
// GemmScratch(m, n, k) elements. C must not overlap A, B or scratch.
//
// It runs on the calling goroutine. An element of C depends on its row of A and
// column of B only, not on m, n or its place, so callers may split C as they
// like.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int, scratch []float32) {
	checkGemm(transA, transB, m, n, k, lda, ldb, ldc)
	scaleRows(c, ldc, m, n, beta)
	if m == 0 || n == 0 || k == 0 {
		return
	}
	g := asm.GemmF32For()
	tile, scratch := cut(scratch, g.MR*g.NR)
	packedA, scratch := cut(scratch, roundUp(min(m, gemmMC), g.MR)*min(k, gemmKC))
	packedB, _ := cut(scratch, roundUp(min(n, gemmNC), g.NR)*min(k, gemmKC))
	for j := 0; j < n; j += gemmNC {
		nc := min(gemmNC, n-j)
		for l := 0; l < k; l += gemmKC {
			kc := min(gemmKC, k-l)
			PackB(g, packedB, b[offset(transB, l, j, ldb):], ldb, transB, kc, nc)
			for i := 0; i < m; i += gemmMC {
				mc := min(gemmMC, m-i)
				PackA(g, packedA, a[offset(transA, i, l, lda):], lda, transA, mc, kc, alpha)
				GemmPacked(g, c[i*ldc+j:], ldc, packedA, kc, packedB, kc, mc, nc, kc, tile)
			}
		}
	}
}

// GemmScratch is the number of float32 elements of scratch that Gemm needs at
// the current level.
func GemmScratch(m, n, k int) int {
	g := asm.GemmF32For()
	kc := min(k, gemmKC)
	return g.MR*g.NR + (roundUp(min(m, gemmMC), g.MR)+roundUp(min(n, gemmNC), g.NR))*kc
}

// GemmPacked adds the product of packed panels to the m x n matrix C:
//
//	c[i*ldc+j] += sum over l < k of a[i/MR*aDepth*MR + l*MR + i%MR] * b[j/NR*bDepth*NR + l*NR + j%NR]
//
// aDepth and bDepth are the depths that the panels were packed with. They may
// exceed k: with a and b cut to begin at element l0*MR and l0*NR, the call covers the
// steps l0 to l0+k of the panels. Every element continues one chain over l from
// its old value, so a product taken in several calls of increasing l has the
// same bits as one taken at once. tile is scratch of MR*NR elements.
func GemmPacked(g asm.GemmF32, c []float32, ldc int, a []float32, aDepth int, b []float32, bDepth int,
	m, n, k int, tile []float32) {
	for j := 0; j < n; j += g.NR {
		nr := min(g.NR, n-j)
		bp := b[j*bDepth:][:k*g.NR]
		for i := 0; i < m; i += g.MR {
			mr := min(g.MR, m-i)
			ap := a[i*aDepth:][:k*g.MR]
			ct := c[i*ldc+j:]
			if mr == g.MR && nr == g.NR {
				g.Run(ct, ldc, ap, bp, k)
			} else {
				gemmEdge(g, ct, ldc, ap, bp, mr, nr, k, tile)
			}
		}
	}
}

// gemmEdge runs the micro-kernel on a copy of an mr x nr corner of C.
func gemmEdge(g asm.GemmF32, c []float32, ldc int, a, b []float32, mr, nr, k int, tile []float32) {
	tile = tile[:g.MR*g.NR]
	clear(tile)
	for i := range mr {
		copy(tile[i*g.NR:], c[i*ldc:][:nr])
	}
	g.Run(tile, g.NR, a, b, k)
	for i := range mr {
		copy(c[i*ldc:][:nr], tile[i*g.NR:])
	}
}

// checkGemm panics if sizes or leading dimensions make no sense; slices that
// are too short fail where they are used.
func checkGemm(transA, transB bool, m, n, k, lda, ldb, ldc int) {
	if m < 0 || n < 0 || k < 0 {
		panic(badGemmSize)
	}
	aRow, bRow := k, n
	if transA {
		aRow = m
	}
	if transB {
		bRow = k
	}
	if lda < aRow || ldb < bRow || ldc < n {
		panic(badGemmLD)
	}
}

// scaleRows multiplies the m x n matrix c by beta, where 0 means clearing it.
func scaleRows(c []float32, ldc, m, n int, beta float32) {
	if beta == 1 {
		return
	}
	for i := range m {
		row := c[i*ldc:][:n]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}

// offset is where element (i, j) of a matrix is stored.
func offset(trans bool, i, j, ld int) int {
	if trans {
		i, j = j, i
	}
	return i*ld + j
}

// cut splits the first n elements off scratch.
func cut(scratch []float32, n int) (head, rest []float32) {
	if len(scratch) < n {
		panic(shortScratch)
	}
	return scratch[:n:n], scratch[n:]
}

// roundUp is the smallest multiple of m that is at least n.
func roundUp(n, m int) int { return (n + m - 1) / m * m }
