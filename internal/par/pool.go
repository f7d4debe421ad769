package par

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Pool keeps goroutines between runs, so that Run allocates nothing. It belongs
// to one goroutine at a time. A Pool that becomes unreachable is closed by the
// garbage collector.
type Pool struct{ crew *crew }

// crew is what the goroutines share. It does not refer to its Pool, so that an
// abandoned Pool can be collected while they are parked.
type crew struct {
	job     job
	helpers []*sleeper // worker w is helpers[w-1]
	caller  *sleeper   // of Run, who waits for the helpers
	running atomic.Int32
	look    time.Duration
	closed  atomic.Bool
}

// patience is how long a goroutine looks for the next thing to do before it
// parks. To wake one that is parked takes a tenth of a millisecond, as long as
// many a step of a network, so they had better not park between steps; an idle
// pool spins no longer than this.
const patience = time.Millisecond

// badClosed is the panic of Run on a closed pool.
const badClosed = "par: the pool is closed"

// NewPool starts a pool for at most max(1, threads) workers, of which the
// caller of Run is one.
func NewPool(threads int) *Pool {
	c := &crew{caller: newSleeper()}
	if threads <= runtime.GOMAXPROCS(0) {
		c.look = patience // else one that looks would keep another from running
	}
	for w := 1; w < threads; w++ {
		h := newSleeper()
		c.helpers = append(c.helpers, h)
		go c.serve(w, h)
	}
	p := &Pool{crew: c}
	runtime.AddCleanup(p, (*crew).dismiss, c)
	return p
}

// Threads is the number of workers: the worker argument of a Task is below it.
func (p *Pool) Threads() int { return len(p.crew.helpers) + 1 }

// Run calls task.Do(worker, i) for every i in [0, n) and returns when all are
// done. It does not allocate. It panics with the panic of the task, and after
// Close (unless the pool has one worker or n < 2). A task must not call Run on
// the pool that runs it.
func (p *Pool) Run(n int, task Task) {
	c := p.crew
	j := &c.job
	j.n, j.task, j.failed, j.value = n, task, false, nil
	j.next.Store(0)
	helpers := c.helpers[:max(0, min(len(c.helpers), n-1))]
	if len(helpers) > 0 && c.closed.Load() {
		panic(badClosed)
	}
	c.running.Store(int32(len(helpers)))
	c.caller.listen()
	for _, h := range helpers {
		h.wake()
	}
	j.work(0)
	if len(helpers) > 0 {
		c.caller.sleep(c.look)
	}
	j.task = nil
	runtime.KeepAlive(p)
	j.rethrow()
}

// Close ends the pool's goroutines; further calls do nothing.
func (p *Pool) Close() { p.crew.dismiss() }

// serve is the life of worker w.
func (c *crew) serve(w int, h *sleeper) {
	for h.sleep(0); !c.closed.Load(); h.sleep(c.look) {
		c.job.work(w)
		h.listen()
		if c.running.Add(-1) == 0 {
			c.caller.wake()
		}
	}
}

// dismiss lets every helper return.
func (c *crew) dismiss() {
	if c.closed.Swap(true) {
		return
	}
	for _, h := range c.helpers {
		h.wake()
	}
}
