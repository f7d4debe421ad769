package par

import (
	"runtime"
	"sync"
)

// Pool keeps goroutines between runs, so that Run allocates nothing. It belongs
// to one goroutine at a time. A Pool that becomes unreachable is closed by the
// garbage collector.
type Pool struct{ crew *crew }

// crew is what the parked goroutines share. It does not refer to its Pool, so
// that an abandoned Pool can be collected while they are parked.
type crew struct {
	job     job
	wake    []chan struct{} // one per goroutine: worker w parks on wake[w-1]
	running sync.WaitGroup
	stop    sync.Once
}

// NewPool starts a pool for at most max(1, threads) workers, of which the
// caller of Run is one.
func NewPool(threads int) *Pool {
	c := &crew{}
	for w := 1; w < threads; w++ {
		wake := make(chan struct{}, 1)
		c.wake = append(c.wake, wake)
		go c.serve(w, wake)
	}
	p := &Pool{crew: c}
	runtime.AddCleanup(p, (*crew).dismiss, c)
	return p
}

// Threads is the number of workers: the worker argument of a Task is below it.
func (p *Pool) Threads() int { return len(p.crew.wake) + 1 }

// Run calls task.Do(worker, i) for every i in [0, n) and returns when all are
// done. It does not allocate. It panics with the panic of the task, and after
// Close (unless the pool has one worker or n < 2). A task must not call Run on
// the pool that runs it.
func (p *Pool) Run(n int, task Task) {
	c := p.crew
	j := &c.job
	j.n, j.task, j.failed, j.value = n, task, false, nil
	j.next.Store(0)
	helpers := max(0, min(len(c.wake), n-1))
	c.running.Add(helpers)
	for _, wake := range c.wake[:helpers] {
		wake <- struct{}{}
	}
	j.work(0)
	c.running.Wait()
	j.task = nil
	runtime.KeepAlive(p)
	j.rethrow()
}

// Close ends the pool's goroutines; further calls do nothing.
func (p *Pool) Close() { p.crew.dismiss() }

// serve is the life of worker w.
func (c *crew) serve(w int, wake <-chan struct{}) {
	for range wake {
		c.job.work(w)
		c.running.Done()
	}
}

// dismiss lets every parked goroutine return.
func (c *crew) dismiss() {
	c.stop.Do(func() {
		for _, wake := range c.wake {
			close(wake)
		}
	})
}
