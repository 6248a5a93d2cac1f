package bolt

import (
	"fmt"

	"pgregory.net/rapid"

	"airlift/queue"
)

// adoptUnsourced adopts the job of an object as if no source showed it; the batch may have it all the same.
func (m *model) adoptUnsourced(t *rapid.T) {
	key := fmt.Sprintf("k%d", rapid.IntRange(0, 60).Draw(t, "key"))
	a := queue.Adopted{Unsourced: &queue.Item{Key: key}, JobID: fmt.Sprintf("unsourced %s %d", key, len(m.order)), Day: modelDay}
	want := 0
	switch items := m.items[key]; {
	case len(items) == 0:
		m.grow(key, 0)
		m.unsourced[key] = true
		want = 1
	case m.records[items[0]].State == queue.Sending:
		t.Skip()
	case m.records[items[0]].State != queue.Submitted:
		want = 1
	}
	if first := m.items[key][0]; want == 1 {
		if m.records[first].State != queue.InDoubt {
			m.day.Claimed++
		}
		rec, err := queue.Adopt(m.records[first], a)
		must2(t, err)
		m.records[first] = rec
		m.day.Submitted++
	}
	got, err := m.db.Adopt(t.Context(), "b", []queue.Adopted{a})
	must2(t, err)
	if got != want {
		t.Fatalf("adopted: got %d, want %d", got, want)
	}
}
