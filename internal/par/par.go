// Package par runs independent pieces of work on several goroutines without
// letting the number of goroutines show in the result.
//
// Every index runs exactly once. Which worker runs it is not fixed, so an index
// must write only outputs of its own (the worker number serves to pick scratch
// memory, whose contents must not matter). Under that rule results are the same
// for any number of threads. Reductions are not split here: callers that must
// split one use Range, whose boundaries do not depend on the threads, and
// combine the parts in index order.
//
// A panic in an index is raised again on the caller's goroutine with its
// original value, after all workers have stopped. Of several, the one with the
// lowest index wins, which is the one that a single thread would have met.
package par

import "sync"

// For calls f(worker, i) for every i in [0, n), on at most threads goroutines
// of which the caller is one; 0 <= worker < max(1, threads). With threads <= 1
// everything runs in order on the caller.
func For(threads, n int, f func(worker, i int)) {
	j := job{n: n, task: taskFunc(f)}
	var wg sync.WaitGroup
	for w := 1; w < min(threads, n); w++ {
		wg.Go(func() { j.work(w) })
	}
	j.work(0)
	wg.Wait()
	j.rethrow()
}

// Range calls f(worker, lo, hi) for consecutive intervals of [0, n) that are
// grain long (the last may be shorter). The boundaries depend on n and grain
// only. It panics if grain <= 0.
func Range(threads, n, grain int, f func(worker, lo, hi int)) {
	if grain <= 0 {
		panic(badGrain)
	}
	For(threads, (n+grain-1)/grain, func(worker, i int) {
		f(worker, i*grain, min((i+1)*grain, n))
	})
}

const badGrain = "par: grain must be positive"

// taskFunc lets a function serve as a Task.
type taskFunc func(worker, i int)

// Do calls f.
func (f taskFunc) Do(worker, i int) { f(worker, i) }
