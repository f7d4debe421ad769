//go:build !unix || aix

package artifact

import "os"

// mapFile reads a file into memory.
func mapFile(path string) (b []byte, done func(), err error) {
	b, err = os.ReadFile(path)
	return b, func() {}, err
}
