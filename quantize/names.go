package quantize

import (
	"fmt"
	"slices"
)

// listed lists the values of a setting from 0 to below n.
func listed[T ~uint8](n T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = T(i)
	}
	return all
}

// setNamed sets v to the one of all values of a setting that has the name.
func setNamed[T fmt.Stringer](v *T, kind string, all []T, name []byte) error {
	i := slices.IndexFunc(all, func(v T) bool { return v.String() == string(name) })
	if i < 0 {
		return fmt.Errorf("quantize: unknown %s %q, want one of %v", kind, name, all)
	}
	*v = all[i]
	return nil
}
