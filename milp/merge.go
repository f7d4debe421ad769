package milp

import (
	"fmt"
	"slices"
)

// mergeLocal builds the local rows into the options: the groups that a row
// touches become one group whose options are those combinations that satisfy
// it. Coupled columns (x - y = 0) merge into as many options as each had.
func (d *detector) mergeLocal() error {
	touching := make(map[int][]int) // group -> local rows that touch it and are not applied yet
	for i, r := range d.local {
		for _, g := range d.groupsOf(r) {
			touching[g] = append(touching[g], i)
		}
	}
	applied := make([]bool, len(d.local))
	coef := make([]int64, len(d.m.cols))
	for i, r := range d.local {
		if applied[i] {
			continue
		}
		gs := d.groupsOf(r)
		g := gs[0]
		for _, h := range gs[1:] {
			if len(d.groups[g])*len(d.groups[h]) > maxMergedOption {
				return fmt.Errorf("milp: row %s couples groups with too many combinations (%d x %d) for a multiple-choice knapsack",
					d.m.RowName(r.row), len(d.groups[g]), len(d.groups[h]))
			}
			if err := d.pace.spend(len(d.groups[g]) * len(d.groups[h])); err != nil {
				return err
			}
			d.merge(g, h)
			touching[g] = append(touching[g], touching[h]...)
			delete(touching, h)
			touching[g] = d.applyInside(g, touching[g], applied, coef)
		}
		touching[g] = d.applyInside(g, touching[g], applied, coef)
	}
	d.dropMerged()
	return nil
}

// groupsOf returns the groups that r touches, ascending.
func (d *detector) groupsOf(r intRow) []int {
	gs := make([]int, len(r.cols))
	for k, c := range r.cols {
		gs[k] = d.of[c]
	}
	slices.Sort(gs)
	return slices.Compact(gs)
}

// merge replaces group g by the product of g and h and empties h.
func (d *detector) merge(g, h int) {
	out := make([]option, 0, len(d.groups[g])*len(d.groups[h]))
	for _, a := range d.groups[g] {
		for _, b := range d.groups[h] {
			out = append(out, slices.Concat(a, b))
		}
	}
	for _, c := range d.members[h] {
		d.of[c] = g
	}
	d.members[g] = slices.Concat(d.members[g], d.members[h])
	d.groups[g], d.groups[h] = out, nil
}

// applyInside applies to group g those of the given local rows that touch no
// other group, and returns the rest.
func (d *detector) applyInside(g int, rows []int, applied []bool, coef []int64) (rest []int) {
	for _, i := range rows {
		r := d.local[i]
		if applied[i] {
			continue
		}
		if slices.ContainsFunc(r.cols, func(c Col) bool { return d.of[c] != g }) {
			rest = append(rest, i)
			continue
		}
		for k, c := range r.cols {
			coef[c] = r.a[k]
		}
		d.groups[g] = filter(d.groups[g], func(o option) bool {
			var sum int64
			for _, c := range o {
				sum += coef[c]
			}
			return r.lo <= sum && sum <= r.hi
		})
		for _, c := range r.cols {
			coef[c] = 0
		}
		applied[i] = true
	}
	return rest
}

// dropMerged removes the groups that others absorbed.
func (d *detector) dropMerged() {
	live := make([]bool, len(d.groups))
	for _, g := range d.of {
		live[g] = true
	}
	rename := make([]int, len(d.groups))
	kept := d.groups[:0]
	for g, opts := range d.groups {
		if live[g] {
			rename[g] = len(kept)
			kept = append(kept, opts)
		}
	}
	for c := range d.of {
		d.of[c] = rename[d.of[c]]
	}
	d.groups = kept
}
