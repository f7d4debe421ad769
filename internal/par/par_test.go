package par

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// runners are the ways to run a function over indices; all obey one contract.
var runners = []struct {
	name string
	run  func(threads, n int, f func(worker, i int))
}{
	{"For", For},
	{"Pool", func(threads, n int, f func(worker, i int)) {
		p := NewPool(threads)
		defer p.Close()
		p.Run(n, taskFunc(f))
	}},
}

func TestEveryIndexOnce(t *testing.T) {
	for _, r := range runners {
		for _, threads := range []int{-1, 0, 1, 2, 3, 8} {
			for _, n := range []int{-1, 0, 1, 2, 7, 100} {
				t.Run(fmt.Sprintf("%s/threads=%d/n=%d", r.name, threads, n), func(t *testing.T) {
					count := make([]atomic.Int32, max(n, 0))
					r.run(threads, n, func(worker, i int) {
						if worker < 0 || worker >= max(1, threads) {
							t.Errorf("worker = %d, want below %d", worker, max(1, threads))
						}
						count[i].Add(1)
					})
					for i := range count {
						if c := count[i].Load(); c != 1 {
							t.Errorf("index %d ran %d times", i, c)
						}
					}
				})
			}
		}
	}
}

// A worker must never run two indices at a time: its scratch memory is shared.
func TestWorkerIsExclusive(t *testing.T) {
	for _, r := range runners {
		t.Run(r.name, func(t *testing.T) {
			var busy [4]atomic.Bool
			r.run(len(busy), 200, func(worker, i int) {
				if busy[worker].Swap(true) {
					t.Errorf("worker %d entered twice", worker)
				}
				runtime.Gosched()
				busy[worker].Store(false)
			})
		})
	}
}

func TestLowestPanicWins(t *testing.T) {
	for _, r := range runners {
		for _, threads := range []int{1, 2, 4} {
			t.Run(fmt.Sprintf("%s/threads=%d", r.name, threads), func(t *testing.T) {
				defer func() {
					if v := recover(); v != 5 {
						t.Errorf("recovered %v, want 5", v)
					}
				}()
				r.run(threads, 50, func(_, i int) {
					if i >= 5 {
						panic(i)
					}
					time.Sleep(time.Millisecond)
				})
				t.Error("no panic reached the caller")
			})
		}
	}
}

func TestPoolRunsAgainAfterPanic(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	func() {
		defer func() { _ = recover() }()
		p.Run(10, taskFunc(func(_, i int) { panic("stop") }))
	}()
	var sum atomic.Int64
	p.Run(10, taskFunc(func(_, i int) { sum.Add(int64(i)) }))
	if sum.Load() != 45 {
		t.Errorf("sum = %d, want 45", sum.Load())
	}
}

func TestRangeBoundaries(t *testing.T) {
	for _, threads := range []int{1, 3} {
		for _, tt := range []struct{ n, grain int }{{0, 4}, {1, 4}, {4, 4}, {5, 4}, {17, 4}, {3, 100}} {
			chunks := make([][2]int, (tt.n+tt.grain-1)/tt.grain)
			Range(threads, tt.n, tt.grain, func(_, lo, hi int) { chunks[lo/tt.grain] = [2]int{lo, hi} })
			var want [][2]int
			for lo := 0; lo < tt.n; lo += tt.grain {
				want = append(want, [2]int{lo, min(lo+tt.grain, tt.n)})
			}
			if !slices.Equal(chunks, want) {
				t.Errorf("Range(%d, %d, %d) = %v, want %v", threads, tt.n, tt.grain, chunks, want)
			}
		}
	}
}

func TestRangePanicsOnBadGrain(t *testing.T) {
	defer func() {
		if v := recover(); v != badGrain {
			t.Errorf("recovered %v, want %q", v, badGrain)
		}
	}()
	Range(1, 10, 0, func(_, _, _ int) {})
}

// squares writes one output per index.
type squares struct{ out []int }

func (s *squares) Do(_, i int) { s.out[i] = i * i }

func TestPoolRunDoesNotAllocate(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	task := &squares{out: make([]int, 64)}
	if a := testing.AllocsPerRun(100, func() { p.Run(len(task.out), task) }); a != 0 {
		t.Errorf("Run allocates %v times, want 0", a)
	}
}

func TestClosedPoolPanics(t *testing.T) {
	p := NewPool(2)
	p.Run(2, taskFunc(func(_, _ int) {}))
	p.Close()
	p.Close()
	p.Run(1, taskFunc(func(_, _ int) {})) // needs no helper
	defer func() {
		if v := recover(); v != badClosed {
			t.Errorf("recovered %v, want %q", v, badClosed)
		}
	}()
	p.Run(2, taskFunc(func(_, _ int) {}))
}

// TestPoolPauses lets helpers park or catches them looking, by turns.
func TestPoolPauses(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	var sum atomic.Int64
	for i := range 300 {
		p.Run(1+i%5, taskFunc(func(_, _ int) { sum.Add(1) }))
		if i%10 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if sum.Load() != 900 {
		t.Errorf("%d calls, want 900", sum.Load())
	}
}

func TestAbandonedPoolEndsItsGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		NewPool(4).Run(8, taskFunc(func(_, _ int) {}))
	}
	for range 200 {
		runtime.GC()
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, want %d", runtime.NumGoroutine(), before)
}

func BenchmarkPoolRun(b *testing.B) {
	p := NewPool(2)
	defer p.Close()
	task := &squares{out: make([]int, 2)}
	b.ReportAllocs()
	for b.Loop() {
		p.Run(len(task.out), task)
	}
}
