package lp

import "math"

const (
	markowitzThreshold = 0.1   // pivots are at least this share of the largest entry of their row
	markowitzSearch    = 4     // rows and columns examined for a pivot
	dropTolerance      = 1e-14 // entries below are taken for zero
	singularTolerance  = 1e-11 // pivots below mean that the basis is singular
)

// factor holds a factorization of a basis matrix B, L·U in pivot order
// (Markowitz with threshold pivoting; Suhl and Suhl 1990), followed by the
// product-form updates since. Rows are numbered as in the problem, columns by
// their position (slot) in the basis.
type factor struct {
	m int

	pivRow, pivSlot []int32 // k-th pivot
	pivVal          []float64

	lPiv   []int32 // row of each elimination step with entries
	lStart []int32
	lRow   []int32
	lVal   []float64

	uRowStart []int32 // by pivot: entries of its row of U right of the pivot
	uSlot     []int32
	uRowVal   []float64
	uColStart []int32 // by slot: entries of its column of U above the pivot
	uRow      []int32
	uColVal   []float64

	etaSlot  []int32 // updates: column of the identity replaced by alpha
	etaPivot []float64
	etaStart []int32
	etaInd   []int32
	etaVal   []float64

	basis basisMatrix
	work  activeMatrix
}

// activeMatrix is the part of the basis that is not eliminated yet: values by
// row, patterns by column, and both in lists by their number of entries.
type activeMatrix struct {
	rowSlot [][]int32
	rowVal  [][]float64
	colRow  [][]int32
	rows    bucketList
	cols    bucketList
	mark    []float64 // by slot: entry of the pivot row during elimination
	marked  []bool
}

// bucketList keeps items in doubly linked lists by key.
type bucketList struct {
	head, next, prev []int32
	key              []int32 // -1 when the item is in no list
}

func (b *bucketList) reset(n int) {
	if cap(b.next) < n || b.head == nil {
		b.head, b.next = make([]int32, n+2), make([]int32, n)
		b.prev, b.key = make([]int32, n), make([]int32, n)
	}
	b.head, b.next, b.prev, b.key = b.head[:n+2], b.next[:n], b.prev[:n], b.key[:n]
	for i := range b.head {
		b.head[i] = -1
	}
	for i := range b.key {
		b.key[i] = -1
	}
}

func (b *bucketList) put(i int32, key int) {
	b.remove(i)
	h := b.head[key]
	b.key[i], b.next[i], b.prev[i] = int32(key), h, -1
	if h >= 0 {
		b.prev[h] = i
	}
	b.head[key] = i
}

func (b *bucketList) remove(i int32) {
	if b.key[i] < 0 {
		return
	}
	if b.prev[i] >= 0 {
		b.next[b.prev[i]] = b.next[i]
	} else {
		b.head[b.key[i]] = b.next[i]
	}
	if b.next[i] >= 0 {
		b.prev[b.next[i]] = b.prev[i]
	}
	b.key[i] = -1
}

func (a *activeMatrix) reset(m int) {
	for len(a.rowSlot) < m {
		a.rowSlot = append(a.rowSlot, nil)
		a.rowVal = append(a.rowVal, nil)
		a.colRow = append(a.colRow, nil)
		a.mark = append(a.mark, 0)
		a.marked = append(a.marked, false)
	}
	for i := range m {
		a.rowSlot[i], a.rowVal[i], a.colRow[i] = a.rowSlot[i][:0], a.rowVal[i][:0], a.colRow[i][:0]
	}
	a.rows.reset(m)
	a.cols.reset(m)
}

// factorize computes L and U of the basis whose columns column returns. Where
// it is singular it returns the slots without a pivot and as many rows without
// one: replacing each such column by the unit column of the row makes it regular.
func (f *factor) factorize(m int, column func(slot int) ([]int32, []float64)) (slots, rows []int32) {
	f.reset(m)
	b := &f.basis
	b.load(m, column)
	f.peel()
	a := &f.work
	a.reset(m)
	for q := range int32(m) {
		if b.colDone[q] {
			continue
		}
		for t := b.colStart[q]; t < b.colStart[q+1]; t++ {
			if i := b.rowInd[t]; !b.rowDone[i] {
				a.rowSlot[i] = append(a.rowSlot[i], q)
				a.rowVal[i] = append(a.rowVal[i], b.colVal[t])
				a.colRow[q] = append(a.colRow[q], i)
			}
		}
	}
	for i := range int32(m) {
		if !b.rowDone[i] {
			a.rows.put(i, len(a.rowSlot[i]))
		}
		if !b.colDone[i] {
			a.cols.put(i, len(a.colRow[i]))
		}
	}
	for range m - len(f.pivRow) {
		p, q, v := a.choosePivot()
		if p < 0 {
			return a.leftover(m)
		}
		f.eliminate(p, q, v)
	}
	f.transposeU()
	return nil, nil
}

// basisMatrix is the matrix to factorize, by columns and by rows, with the
// number of entries that are left as rows and columns are peeled off.
type basisMatrix struct {
	colStart, rowInd   []int32
	colVal             []float64
	rowStart, slotInd  []int32
	rowVal             []float64
	rowCount, colCount []int32
	rowDone, colDone   []bool
	queue              []int32 // rows i as i, columns q as -1-q, when their count becomes one
}

func (b *basisMatrix) load(m int, column func(slot int) ([]int32, []float64)) {
	b.rowInd, b.colVal, b.queue = b.rowInd[:0], b.colVal[:0], b.queue[:0]
	b.colStart = append(b.colStart[:0], 0)
	b.rowCount = append(b.rowCount[:0], make([]int32, m)...)
	b.colCount = append(b.colCount[:0], make([]int32, m)...)
	b.rowDone = append(b.rowDone[:0], make([]bool, m)...)
	b.colDone = append(b.colDone[:0], make([]bool, m)...)
	for q := range m {
		ind, val := column(q)
		for k, i := range ind {
			if val[k] != 0 {
				b.rowInd, b.colVal = append(b.rowInd, i), append(b.colVal, val[k])
				b.rowCount[i]++
				b.colCount[q]++
			}
		}
		b.colStart = append(b.colStart, int32(len(b.rowInd)))
		if b.colCount[q] == 1 {
			b.queue = append(b.queue, int32(-1-q))
		}
	}
	b.rowStart = append(b.rowStart[:0], make([]int32, m+1)...)
	for i, n := range b.rowCount {
		b.rowStart[i+1] = b.rowStart[i] + n
		if n == 1 {
			b.queue = append(b.queue, int32(i))
		}
	}
	b.slotInd = append(b.slotInd[:0], make([]int32, len(b.rowInd))...)
	b.rowVal = append(b.rowVal[:0], make([]float64, len(b.rowInd))...)
	fill := append([]int32(nil), b.rowStart[:m]...)
	for q := range m {
		for t := b.colStart[q]; t < b.colStart[q+1]; t++ {
			i := b.rowInd[t]
			b.slotInd[fill[i]], b.rowVal[fill[i]] = int32(q), b.colVal[t]
			fill[i]++
		}
	}
}

// peel makes pivots of columns and rows with a single entry left, over and
// over: nothing is eliminated, so their values are those of the basis.
func (f *factor) peel() {
	b := &f.basis
	for k := 0; k < len(b.queue); k++ {
		if at := b.queue[k]; at < 0 {
			f.peelColumn(-1 - at)
		} else {
			f.peelRow(at)
		}
	}
}

func (f *factor) peelColumn(q int32) {
	b := &f.basis
	if b.colDone[q] || b.colCount[q] != 1 {
		return
	}
	for t := b.colStart[q]; t < b.colStart[q+1]; t++ {
		if p := b.rowInd[t]; !b.rowDone[p] && math.Abs(b.colVal[t]) > singularTolerance {
			f.peelPivot(p, q, b.colVal[t])
			return
		}
	}
}

func (f *factor) peelRow(p int32) {
	b := &f.basis
	if b.rowDone[p] || b.rowCount[p] != 1 {
		return
	}
	for t := b.rowStart[p]; t < b.rowStart[p+1]; t++ {
		if q := b.slotInd[t]; !b.colDone[q] && math.Abs(b.rowVal[t]) > singularTolerance {
			f.peelPivot(p, q, b.rowVal[t])
			return
		}
	}
}

// peelPivot makes (p, q) the next pivot. The other entries of row p become its
// row of U, those of column q multipliers of L; one of the two is empty.
func (f *factor) peelPivot(p, q int32, v float64) {
	b := &f.basis
	b.rowDone[p], b.colDone[q] = true, true
	f.pivRow, f.pivSlot, f.pivVal = append(f.pivRow, p), append(f.pivSlot, q), append(f.pivVal, v)
	for t := b.rowStart[p]; t < b.rowStart[p+1]; t++ {
		s := b.slotInd[t]
		if b.colDone[s] {
			continue
		}
		f.uSlot, f.uRowVal = append(f.uSlot, s), append(f.uRowVal, b.rowVal[t])
		if b.colCount[s]--; b.colCount[s] == 1 {
			b.queue = append(b.queue, -1-s)
		}
	}
	f.uRowStart = append(f.uRowStart, int32(len(f.uSlot)))
	n := len(f.lRow)
	for t := b.colStart[q]; t < b.colStart[q+1]; t++ {
		i := b.rowInd[t]
		if b.rowDone[i] {
			continue
		}
		f.lRow, f.lVal = append(f.lRow, i), append(f.lVal, b.colVal[t]/v)
		if b.rowCount[i]--; b.rowCount[i] == 1 {
			b.queue = append(b.queue, i)
		}
	}
	if len(f.lRow) > n {
		f.lPiv, f.lStart = append(f.lPiv, p), append(f.lStart, int32(len(f.lRow)))
	}
}

func (f *factor) reset(m int) {
	f.m = m
	f.pivRow, f.pivSlot, f.pivVal = f.pivRow[:0], f.pivSlot[:0], f.pivVal[:0]
	f.lPiv, f.lRow, f.lVal = f.lPiv[:0], f.lRow[:0], f.lVal[:0]
	f.lStart = append(f.lStart[:0], 0)
	f.uSlot, f.uRowVal = f.uSlot[:0], f.uRowVal[:0]
	f.uRowStart = append(f.uRowStart[:0], 0)
	f.etaSlot, f.etaPivot, f.etaInd, f.etaVal = f.etaSlot[:0], f.etaPivot[:0], f.etaInd[:0], f.etaVal[:0]
	f.etaStart = append(f.etaStart[:0], 0)
}

// leftover lists the slots and rows that are still active.
func (a *activeMatrix) leftover(m int) (slots, rows []int32) {
	for i := range int32(m) {
		if a.cols.key[i] >= 0 {
			slots = append(slots, i)
		}
		if a.rows.key[i] >= 0 {
			rows = append(rows, i)
		}
	}
	return slots, rows
}

// at returns the entry of row i in slot q, and the largest magnitude of the row.
func (a *activeMatrix) at(i, q int32) (v, largest float64) {
	for k, s := range a.rowSlot[i] {
		w := a.rowVal[i][k]
		if s == q {
			v = w
		}
		largest = math.Max(largest, math.Abs(w))
	}
	return v, largest
}

// choosePivot looks for an entry of low Markowitz cost that is large enough in
// its row; singletons come first. p is -1 if there is none.
func (a *activeMatrix) choosePivot() (p, q int32, v float64) {
	best, p := math.Inf(1), -1
	seen := 0
	consider := func(i, s int32, w, largest float64) {
		if math.Abs(w) < singularTolerance || math.Abs(w) < markowitzThreshold*largest {
			return
		}
		cost := float64(len(a.rowSlot[i])-1) * float64(len(a.colRow[s])-1)
		if cost < best || cost == best && math.Abs(w) > math.Abs(v) {
			best, p, q, v = cost, i, s, w
		}
	}
	for count := 1; count < len(a.rows.head); count++ {
		for s := a.cols.head[count]; s >= 0; s = a.cols.next[s] {
			for _, i := range a.colRow[s] {
				w, largest := a.at(i, s)
				if count == 1 { // nothing to eliminate, so nothing can grow
					largest = 0
				}
				consider(i, s, w, largest)
			}
			if seen++; p >= 0 && (count == 1 || seen >= markowitzSearch) {
				return p, q, v
			}
		}
		for i := a.rows.head[count]; i >= 0; i = a.rows.next[i] {
			_, largest := a.at(i, -1)
			for k, s := range a.rowSlot[i] {
				consider(i, s, a.rowVal[i][k], largest)
			}
			if seen++; p >= 0 && (count == 1 || seen >= markowitzSearch) {
				return p, q, v
			}
		}
		if p >= 0 && best <= float64(count)*float64(count) {
			return p, q, v
		}
	}
	return p, q, v
}

// eliminate makes (p, q) the next pivot: it stores its row in U and the
// multipliers of the other rows of its column in L.
func (f *factor) eliminate(p, q int32, v float64) {
	a := &f.work
	f.pivRow, f.pivSlot, f.pivVal = append(f.pivRow, p), append(f.pivSlot, q), append(f.pivVal, v)
	for k, s := range a.rowSlot[p] {
		a.colRow[s] = remove(a.colRow[s], p)
		if s == q {
			continue
		}
		w := a.rowVal[p][k]
		f.uSlot, f.uRowVal = append(f.uSlot, s), append(f.uRowVal, w)
		a.mark[s], a.marked[s] = w, true
	}
	f.uRowStart = append(f.uRowStart, int32(len(f.uSlot)))
	row := f.uSlot[f.uRowStart[len(f.uRowStart)-2]:]
	for _, i := range a.colRow[q] {
		mult := a.take(i, q) / v
		f.lRow, f.lVal = append(f.lRow, i), append(f.lVal, mult)
		a.subtract(i, mult, row)
		a.rows.put(i, len(a.rowSlot[i]))
	}
	if len(a.colRow[q]) > 0 {
		f.lPiv = append(f.lPiv, p)
		f.lStart = append(f.lStart, int32(len(f.lRow)))
	}
	for _, s := range row {
		a.marked[s] = false
		a.cols.put(s, len(a.colRow[s]))
	}
	a.rows.remove(p)
	a.cols.remove(q)
	a.rowSlot[p], a.rowVal[p], a.colRow[q] = a.rowSlot[p][:0], a.rowVal[p][:0], a.colRow[q][:0]
}

// remove deletes v from list without keeping the order.
func remove(list []int32, v int32) []int32 {
	for k, w := range list {
		if w == v {
			list[k] = list[len(list)-1]
			return list[:len(list)-1]
		}
	}
	return list
}

// take removes the entry of row i in slot q and returns it.
func (a *activeMatrix) take(i, q int32) float64 {
	slots, vals := a.rowSlot[i], a.rowVal[i]
	for k, s := range slots {
		if s == q {
			v := vals[k]
			last := len(slots) - 1
			slots[k], vals[k] = slots[last], vals[last]
			a.rowSlot[i], a.rowVal[i] = slots[:last], vals[:last]
			return v
		}
	}
	return 0
}

// subtract subtracts mult times the marked pivot row from row i.
func (a *activeMatrix) subtract(i int32, mult float64, row []int32) {
	slots, vals := a.rowSlot[i], a.rowVal[i]
	for k := 0; k < len(slots); k++ {
		s := slots[k]
		if !a.marked[s] {
			continue
		}
		a.marked[s] = false
		vals[k] -= mult * a.mark[s]
		if math.Abs(vals[k]) < dropTolerance {
			a.colRow[s] = remove(a.colRow[s], i)
			last := len(slots) - 1
			slots[k], vals[k] = slots[last], vals[last]
			slots, vals = slots[:last], vals[:last]
			k--
		}
	}
	for _, s := range row {
		if !a.marked[s] {
			a.marked[s] = true // seen in the row: mark again for the next one
			continue
		}
		slots, vals = append(slots, s), append(vals, -mult*a.mark[s])
		a.colRow[s] = append(a.colRow[s], i)
	}
	a.rowSlot[i], a.rowVal[i] = slots, vals
}

// transposeU makes the copy of U by columns.
func (f *factor) transposeU() {
	f.uColStart = append(f.uColStart[:0], make([]int32, f.m+1)...)
	for _, s := range f.uSlot {
		f.uColStart[s+1]++
	}
	for s := range f.m {
		f.uColStart[s+1] += f.uColStart[s]
	}
	f.uRow = append(f.uRow[:0], make([]int32, len(f.uSlot))...)
	f.uColVal = append(f.uColVal[:0], make([]float64, len(f.uSlot))...)
	fill := append([]int32(nil), f.uColStart[:f.m]...)
	for k, p := range f.pivRow {
		for t := f.uRowStart[k]; t < f.uRowStart[k+1]; t++ {
			s := f.uSlot[t]
			f.uRow[fill[s]], f.uColVal[fill[s]] = p, f.uRowVal[t]
			fill[s]++
		}
	}
}

// ftran solves B·x = b: b by rows is destroyed, x by slots is overwritten.
func (f *factor) ftran(b, x []float64) {
	for k, p := range f.lPiv {
		if v := b[p]; v != 0 {
			for t := f.lStart[k]; t < f.lStart[k+1]; t++ {
				b[f.lRow[t]] -= f.lVal[t] * v
			}
		}
	}
	for k := f.m - 1; k >= 0; k-- {
		p, q := f.pivRow[k], f.pivSlot[k]
		v := b[p]
		if v == 0 {
			x[q] = 0
			continue
		}
		b[p] = 0
		if math.Abs(v) < dropTolerance {
			x[q] = 0
			continue
		}
		v /= f.pivVal[k]
		x[q] = v
		for t := f.uColStart[q]; t < f.uColStart[q+1]; t++ {
			b[f.uRow[t]] -= f.uColVal[t] * v
		}
	}
	for k, r := range f.etaSlot {
		v := x[r]
		if v == 0 {
			continue
		}
		v /= f.etaPivot[k]
		x[r] = v
		for t := f.etaStart[k]; t < f.etaStart[k+1]; t++ {
			x[f.etaInd[t]] -= f.etaVal[t] * v
		}
	}
}

// btran solves Bᵀ·y = c: c by slots is destroyed, y by rows is overwritten.
func (f *factor) btran(c, y []float64) {
	for k := len(f.etaSlot) - 1; k >= 0; k-- {
		r := f.etaSlot[k]
		v := c[r]
		for t := f.etaStart[k]; t < f.etaStart[k+1]; t++ {
			v -= f.etaVal[t] * c[f.etaInd[t]]
		}
		c[r] = v / f.etaPivot[k]
	}
	for k := range f.m {
		p, q := f.pivRow[k], f.pivSlot[k]
		v := c[q]
		if v == 0 {
			y[p] = 0
			continue
		}
		c[q] = 0
		if math.Abs(v) < dropTolerance {
			y[p] = 0
			continue
		}
		v /= f.pivVal[k]
		y[p] = v
		for t := f.uRowStart[k]; t < f.uRowStart[k+1]; t++ {
			c[f.uSlot[t]] -= f.uRowVal[t] * v
		}
	}
	for k := len(f.lPiv) - 1; k >= 0; k-- {
		p := f.lPiv[k]
		v := y[p]
		for t := f.lStart[k]; t < f.lStart[k+1]; t++ {
			v -= f.lVal[t] * y[f.lRow[t]]
		}
		y[p] = v
	}
}

// update replaces the column in slot r by one whose ftran is alpha.
func (f *factor) update(r int, alpha []float64) {
	for i, v := range alpha {
		if i != r && math.Abs(v) > dropTolerance {
			f.etaInd, f.etaVal = append(f.etaInd, int32(i)), append(f.etaVal, v)
		}
	}
	f.etaSlot, f.etaPivot = append(f.etaSlot, int32(r)), append(f.etaPivot, alpha[r])
	f.etaStart = append(f.etaStart, int32(len(f.etaInd)))
}

// updates returns the number of updates since the factorization.
func (f *factor) updates() int { return len(f.etaSlot) }
