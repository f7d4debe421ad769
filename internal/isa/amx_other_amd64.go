//go:build !purego && !linux

package isa

// permitAMX refuses: how other systems grant the use of tiles was not tested.
func permitAMX() bool { return false }
