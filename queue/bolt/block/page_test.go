package block

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// TestPage puts a block and some records together: the record added last counts, and an item without one is pending.
func TestPage(t *testing.T) {
	const first = 2000
	items := make([]queue.Item, 4)
	for i := range items {
		items[i] = archiveRow(i)
		items[i].Seq = uint64(first + i)
	}
	blocks, err := Encode(items)
	if err != nil || len(blocks) != 1 || blocks[0].First != 0 {
		t.Fatalf("got blocks %v, %v, want one", blocks, err)
	}
	var p Page
	add := func(seq uint64, s queue.State) {
		key := binary.BigEndian.AppendUint64(nil, seq)
		p.AddRecord(key, codec.Bind(key, Record{Record: queue.Record{State: s, Attempts: int(seq % 10)}}.Append(nil)))
	}
	fill := func(n int) {
		p.Reset(first, n)
		add(first+1, queue.Failed)
		add(first+1, queue.Cancelled)
		add(first+2, queue.InDoubt)
		p.SetBlock(blocks[0].Value)
	}
	decode := func(want States) (states []queue.State, keys []string) {
		if err := p.Decode(want); err != nil {
			t.Fatal(err)
		}
		for i, e := range p.Entries {
			states, keys = append(states, e.State), append(keys, e.Key)
			if p.Stored[i] != (e.State != queue.Pending) {
				t.Errorf("item %d: stored is %t", e.Seq, p.Stored[i])
			}
		}
		return states, keys
	}
	fill(len(items))
	states, _ := decode(AllStates)
	if diff := cmp.Diff([]queue.State{queue.Pending, queue.Cancelled, queue.InDoubt, queue.Pending}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if some, err := p.Any(StatesOf(queue.Submitted)); some || err != nil {
		t.Errorf("any submitted: got %t, %v", some, err)
	}
	if some, err := p.Any(StatesOf(queue.Submitted, queue.InDoubt)); !some || err != nil {
		t.Errorf("any in doubt: got %t, %v", some, err)
	}
	_, keys := decode(StatesOf(queue.Cancelled))
	if diff := cmp.Diff([]string{items[1].Key}, keys); diff != "" {
		t.Errorf("cancelled (-want +got):\n%s", diff)
	}
	fill(0) // only the block tells how many
	if states, _ := decode(AllStates); len(states) != len(items) || p.End() != first+MaxItems {
		t.Errorf("without a number: got %d items", len(states))
	}
	fill(len(items) + 1)
	if err := p.Decode(AllStates); !errors.Is(err, queue.ErrCorrupt) {
		t.Errorf("one item too few: got %v", err)
	}
	p.Reset(first, len(items))
	p.AddRecord([]byte("short"), nil)
	p.SetBlock(blocks[0].Value)
	if err := p.Decode(AllStates); !errors.Is(err, queue.ErrCorrupt) {
		t.Errorf("a record of no item: got %v", err)
	}
}
