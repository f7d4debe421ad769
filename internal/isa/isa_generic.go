//go:build purego || !(amd64 || arm64)

package isa

var supported = []Level{Generic}

// detect knows only portable Go here.
func detect() []Level { return supported }
