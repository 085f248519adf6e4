package revocation

import (
	"sync"
	"time"
)

// memory keeps verdicts while they may be used, at most so many.
type memory struct {
	mu  sync.Mutex
	max int
	m   map[string]verdict
}

func newMemory(n int) *memory { return &memory{max: n, m: map[string]verdict{}} }

func (m *memory) get(key string, now time.Time) (verdict, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.m[key]
	return v, ok && now.Before(v.until)
}

// put makes room by dropping what has run out and then, if need be, any.
func (m *memory) put(key string, v verdict, now time.Time) {
	if !now.Before(v.until) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.m) >= m.max {
		for k, old := range m.m {
			if !now.Before(old.until) {
				delete(m.m, k)
			}
		}
	}
	for k := range m.m {
		if len(m.m) < m.max {
			break
		}
		delete(m.m, k)
	}
	m.m[key] = v
}
