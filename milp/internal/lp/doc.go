// Package lp solves linear programs with bounded columns and two-sided rows by
// the bounded dual simplex method, for branch and bound: a Solver keeps its
// basis, so that solving again after bounds changed or rows were added starts
// from the previous optimum.
//
// The problem min c·x, rowLo <= A·x <= rowHi, lo <= x <= hi is held as
// A·x - s = 0 with one logical variable s per row, so every right-hand side is
// zero. The matrix is scaled by powers of two; all results are in the terms of
// the caller.
//
// Everything is deterministic: the perturbation of costs is a fixed function of
// the position of a column.
package lp
