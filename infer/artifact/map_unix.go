//go:build unix && !aix

package artifact

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a file into memory, so that a large network is not held twice
// while it is unpacked. Write replaces files instead of changing them, so a
// mapped file does not shrink.
func mapFile(path string) (b []byte, done func(), err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: not a regular file", path)
	}
	if st.Size() == 0 {
		return nil, func() {}, nil
	}
	if st.Size() > maxFile {
		return nil, nil, fmt.Errorf("%s: %w", path, UnsupportedError(fmt.Sprintf("a file of %d bytes", st.Size())))
	}
	b, err = unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: mmap: %w", path, err)
	}
	return b, func() { unix.Munmap(b) }, nil
}
