package par

import (
	"sync/atomic"
	"time"
)

// sleeper is a goroutine that is woken for one thing at a time: after every sleep
// that ends there is one wake, and no other comes before it listens again. While
// it listens it may be busy; it parks only if nothing comes for a while.
type sleeper struct {
	state atomic.Uint32
	bell  chan struct{} // wakes it if it is parked
}

// The states of a sleeper.
const (
	parked uint32 = iota
	listening
	woken
)

func newSleeper() *sleeper { return &sleeper{bell: make(chan struct{}, 1)} }

// listen announces that the next wake will be noticed by looking.
func (s *sleeper) listen() { s.state.Store(listening) }

// wake ends the sleep, now or when it begins.
func (s *sleeper) wake() {
	if !s.state.CompareAndSwap(listening, woken) {
		s.bell <- struct{}{}
	}
}

// sleep returns after a wake, for which it looks for the given time before it
// parks.
func (s *sleeper) sleep(look time.Duration) {
	if look > 0 {
		s.look(look)
	}
	if s.state.CompareAndSwap(listening, parked) || s.state.Load() == parked {
		<-s.bell
	}
}

// look returns when somebody has woken s, or after the given time.
func (s *sleeper) look(limit time.Duration) {
	const between = 1 << 10 // looks to a glance at the clock
	for began := time.Now(); time.Since(began) < limit; {
		for range between {
			if s.state.Load() != listening {
				return
			}
		}
	}
}
