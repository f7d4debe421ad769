package quantize

import "maps"

// exchange improves a solution that keeps to the rows by changing the widths of
// one choice or two, each time those that improve it most, until none do.
type exchange struct {
	*program
	*quadraticForm
	s     solution
	used  []int64 // by s, of each row
	steps []step
}

// step gives a choice another width.
type step struct {
	*choice
	width    int
	from, to int     // columns
	rise     float64 // of the sensitivity
	use      []int64 // more of each row
}

func (p *program) exchange(q *quadraticForm, s solution) solution {
	x := exchange{program: p, quadraticForm: q, s: maps.Clone(s)}
	for {
		x.list()
		best := x.best()
		if best == nil {
			return x.s
		}
		for _, st := range best {
			x.s[st.choice] = st.width
		}
	}
}

// list lists the steps from s.
func (x *exchange) list() {
	h := x.gradient(x.taken(x.s))
	x.used, x.steps = x.spentOfRows(x.s), nil
	for _, c := range x.quadraticForm.choices {
		from := x.first[c] + x.s[c]
		for i := range c.bits {
			to := x.first[c] + i
			if to == from {
				continue
			}
			st := step{choice: c, width: i, from: from, to: to}
			st.rise = 2*(h[to]-h[from]) + x.g[to][to] - 2*x.g[to][from] + x.g[from][from]
			st.use = x.more(st)
			x.steps = append(x.steps, st)
		}
	}
}

// more is what s with some steps takes of each row beside what s does.
func (x *exchange) more(steps ...step) []int64 {
	s := maps.Clone(x.s)
	for _, st := range steps {
		s[st.choice] = st.width
	}
	use := x.spentOfRows(s)
	for i := range use {
		use[i] -= x.used[i]
	}
	return use
}

// best are the one or two steps that improve s most; nil if none do.
func (x *exchange) best() (best []step) {
	least := -1e-9 * x.value(x.s) // less is rounding
	try := func(rise float64, steps ...step) {
		if rise < least && x.fit(steps) {
			best, least = steps, rise
		}
	}
	for i, a := range x.steps {
		try(a.rise, a)
		for _, b := range x.steps[:i] {
			if a.choice != b.choice {
				to, from := x.g[a.to], x.g[a.from]
				try(a.rise+b.rise+2*(to[b.to]-to[b.from]-from[b.to]+from[b.from]), a, b)
			}
		}
	}
	return best
}

// fit reports whether s with some steps keeps to the rows.
func (x *exchange) fit(steps []step) bool {
	if len(steps) == 2 && x.paired(steps[0].choice, steps[1].choice) {
		steps = []step{{use: x.more(steps...)}} // not the sum of two
	}
	for i, r := range x.rows {
		room := r.capacity - x.used[i]
		for _, st := range steps {
			room -= st.use[i]
		}
		if room < 0 {
			return false
		}
	}
	return true
}
