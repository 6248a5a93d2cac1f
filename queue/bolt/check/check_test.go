package check

import (
	"encoding/binary"
	"strings"
	"testing"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// memoryBucket is a [Bucket] of a map, in no order.
type memoryBucket map[string][]byte

func (b memoryBucket) Get(key []byte) []byte { return b[string(key)] }

func (b memoryBucket) ForEach(fn func(key, value []byte) error) error {
	for k, v := range b {
		if err := fn([]byte(k), v); err != nil {
			return err
		}
	}
	return nil
}

func (b memoryBucket) put(key []byte, r queue.Record) {
	b[string(key)] = codec.Bind(key, block.Record{Record: r}.Append(nil))
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// sound returns a batch of three items: submitted, sending and pending.
func sound(t *testing.T) (*Batch, *[]queue.Item) {
	open, results, rejected := memoryBucket{}, memoryBucket{}, memoryBucket{}
	submitted := queue.Record{State: queue.Submitted, JobID: "j", Sent: true, Day: 7}
	results.put(binary.BigEndian.AppendUint32(seqKey(0), 0), submitted)
	open.put(seqKey(1), queue.Record{State: queue.Sending})
	items := []queue.Item{{Seq: 0, Key: "a"}, {Seq: 1, Key: "b"}, {Seq: 2, Key: "c", Extra: []queue.Field{{Name: "size", Value: "1"}}}}
	b := &Batch{
		Books:  queue.Batch{ID: "b", Account: "x", Counts: queue.Counts{Items: 3, Submitted: 1, Sending: 1, Pending: 1}, Columns: []string{"size"}},
		Cursor: 2, OpenRecords: open, ReadyRecords: memoryBucket{}, Results: results, Rejected: rejected,
	}
	b.Pages = func(yield func(*block.Page, error) bool) {
		blocks, err := block.Encode(items)
		if err != nil {
			t.Fatal(err)
		}
		var p block.Page
		p.Reset(0, len(items))
		for _, records := range []memoryBucket{results, open} {
			for k, v := range records {
				p.AddRecord([]byte(k), v)
			}
		}
		p.SetBlock(blocks[0].Value)
		yield(&p, nil)
	}
	return b, &items
}

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(b *Batch, items *[]queue.Item)
		want  string // nothing
	}{
		"sound":      {func(*Batch, *[]queue.Item) {}, ""},
		"a count":    {func(b *Batch, _ *[]queue.Item) { b.Books.Counts.Pending++ }, "pending: the books say 2, there are 1"},
		"the cursor": {func(b *Batch, _ *[]queue.Item) { b.Cursor = 3 }, "item 2 was claimed, but nothing is known of it"},
		"an item":    {func(_ *Batch, items *[]queue.Item) { *items = (*items)[:2] }, "items: the books say 3, there are 2"},
		"a column":   {func(b *Batch, _ *[]queue.Item) { b.Books.Columns = nil }, `the column "size" is not in the books`},
		"ready":      {func(b *Batch, _ *[]queue.Item) { b.Ready = 1 }, "ready: the books say 1, there are 0"},
		"a state": {func(b *Batch, _ *[]queue.Item) {
			b.ReadyRecords.(memoryBucket).put(seqKey(1), queue.Record{State: queue.Failed})
		}, "ready: item 1 is failed"},
		"open and ready": {func(b *Batch, _ *[]queue.Item) {
			b.ReadyRecords.(memoryBucket).put(seqKey(1), queue.Record{State: queue.Pending})
		}, "item 1 is ready and open at once"},
		"a generation": {func(b *Batch, _ *[]queue.Item) {
			key := binary.BigEndian.AppendUint32(seqKey(1), 1)
			b.Results.(memoryBucket).put(key, queue.Record{State: queue.Failed})
		}, "item 1: result 0 is missing"},
		"no item": {func(b *Batch, _ *[]queue.Item) {
			b.OpenRecords.(memoryBucket).put(seqKey(9), queue.Record{State: queue.Sending})
		}, "open: a record of no item"},
		"a row":  {func(b *Batch, _ *[]queue.Item) { b.Books.Reading.Rejected = 1 }, "rejected: the books say 1, there are 0"},
		"a mark": {func(b *Batch, _ *[]queue.Item) { b.Marks = memoryBucket{"m": []byte("spoiled")} }, `the mark "m" is garbled`},
	} {
		t.Run(name, func(t *testing.T) {
			b, items := sound(t)
			test.spoil(b, items)
			c := Check{Submitted: map[codec.AccountDay]int64{}}
			if err := c.Batch(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			all := strings.Join(c.Report.Problems, "\n")
			if test.want == "" && all != "" || !strings.Contains(all, test.want) {
				t.Errorf("got %q, want %q", all, test.want)
			}
			if n := c.Submitted[codec.AccountDay{Account: "x", Day: 7}]; n != 1 {
				t.Errorf("jobs of the day: got %d, want 1", n)
			}
		})
	}
}
