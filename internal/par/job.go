package par

import (
	"sync"
	"sync/atomic"
)

// Task is work divided into indices that may run at the same time.
type Task interface {
	// Do performs index i; worker tells concurrent calls apart.
	Do(worker, i int)
}

// job is one run of a task: workers draw indices from it until none are left.
// Indices are drawn in increasing order, so when one panics every lower one has
// been drawn as well; that is why keeping the lowest failure is deterministic.
type job struct {
	n    int
	task Task
	next atomic.Int64

	mu     sync.Mutex
	failed bool
	index  int // of the failure kept in value
	value  any
}

// work draws and runs indices as the given worker.
func (j *job) work(worker int) {
	i := -1
	defer func() {
		if v := recover(); v != nil {
			j.fail(i, v)
		}
	}()
	for {
		i = int(j.next.Add(1)) - 1
		if i >= j.n {
			return
		}
		j.task.Do(worker, i)
	}
}

// fail records the panic of index i and stops the drawing of further indices.
func (j *job) fail(i int, value any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.failed || i < j.index {
		j.failed, j.index, j.value = true, i, value
	}
	j.next.Store(int64(j.n))
}

// rethrow raises the recorded panic, if any. All workers must have stopped.
func (j *job) rethrow() {
	if j.failed {
		panic(j.value)
	}
}
