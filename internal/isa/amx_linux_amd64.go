//go:build !purego

package isa

import "golang.org/x/sys/unix"

// Arguments of arch_prctl (asm/prctl.h and asm/fpu/types.h of Linux).
const (
	archReqXCompPerm = 0x1023
	xfeatureXTile    = 18
)

// permitAMX asks Linux for the use of tile registers. Their 8 kB do not fit in
// the frames that programs of old reserve for signals, so that a process gets
// them on request only (Documentation/arch/x86/xstate.rst); once granted, all its
// threads have them. The stacks that Go handles signals on are large enough: the
// kernel refuses if one is not. Kernels before 5.16 refuse always.
func permitAMX() bool {
	_, _, errno := unix.RawSyscall(unix.SYS_ARCH_PRCTL, archReqXCompPerm, xfeatureXTile, 0)
	return errno == 0
}
