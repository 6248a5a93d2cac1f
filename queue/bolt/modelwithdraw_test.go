package bolt

import (
	"strings"

	"pgregory.net/rapid"

	"airlift/queue"
	"airlift/queue/queuetest"
)

// withdraw withdraws the items of some keys.
func (m *model) withdraw(t *rapid.T) {
	last := rapid.IntRange(0, 9).Draw(t, "digit")
	match := func(k string) bool { return k[len(k)-1] == byte('0'+last) }
	w, err := queuetest.On(m.db).Withdraw(t.Context(), "b", queue.Filter{Key: match})
	must2(t, err)
	m.noteWithdrawn(t, w, 0, match)
}

// replace ends the reading and withdraws what it has not.
func (m *model) replace(t *rapid.T) {
	must2(t, m.db.EndReading(t.Context(), "b", true))
	w, err := queuetest.On(m.db).Replace(t.Context(), "b")
	must2(t, err)
	accepted := int64(0)
	for _, name := range m.inState(queue.Submitted) {
		if key, _, _ := strings.Cut(name, "/"); !m.reading[key] {
			accepted++
		}
	}
	m.noteWithdrawn(t, w, accepted, func(k string) bool { return !m.reading[k] })
	m.begin()
}

func (m *model) noteWithdrawn(t *rapid.T, got queue.Changed, accepted int64, match func(key string) bool) {
	want := queue.Changed{Accepted: accepted}
	for _, k := range m.inState(queue.Pending, queue.Failed, queue.InDoubt) {
		before := m.records[k]
		if key, _, _ := strings.Cut(k, "/"); !match(key) || before.Withdrawn {
			continue
		}
		rec, err := queue.Withdraw(before)
		must2(t, err)
		m.records[k] = rec
		if before.State == queue.InDoubt {
			want.InDoubt++
			continue
		}
		m.claimed[k] = true // if it is pending again, it is among those that go last
		want.Items++
	}
	if got != want {
		t.Fatalf("withdrawn: got %+v, want %+v", got, want)
	}
}

// restore is what becomes of a withdrawn object that a reading meets.
func (m *model) restore(key string, added *queue.Added) {
	some := false
	for _, name := range m.items[key] {
		if !m.records[name].Withdrawn {
			continue
		}
		rec, err := queue.Restore(m.records[name])
		must2(m.t, err)
		m.records[name] = rec
		some = true
	}
	if some {
		added.Restored++
	}
}
