package asm

func sumU8(a []uint8) int32 { return sumU8Generic(a) }

func axpyS32(y, x []int32, s int32) { axpyS32Generic(y, x, s) }

func requantRow(dst []uint8, acc, bias []int32, m []float32, lo, hi, zero float32) {
	requantRowGeneric(dst, acc, bias, m, lo, hi, zero)
}

func requantAddRow(dst []uint8, acc, bias []int32, m []float32, r []uint8, zr, mr, lo, hi, zero float32) {
	requantAddRowGeneric(dst, acc, bias, m, r, zr, mr, lo, hi, zero)
}
