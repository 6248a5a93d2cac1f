package queuetest

import (
	"fmt"
	"strings"
	"time"

	"airlift/queue"
)

var addTests = []test{
	{"dedupe", dedupe},
	{"has", has},
	{"has what changed", hasChanged},
	{"conflicts", conflicts},
	{"readings", readings},
	{"rejected rows", rejected},
	{"odd items", odd},
	{"an empty chunk", empty},
	{"many items", many},
	{"columns and own fields", columns},
}

func dedupe(f *fixture) {
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("first", f.add(B, "a", "b", "a", "c", "a"), queue.Added{Added: 3, Duplicates: 2})
	f.same("a second chunk", f.add(B, "b", "d"), queue.Added{Added: 1, Duplicates: 1})
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("read again", f.add(B, "d", "e", "d", "a"), queue.Added{Added: 1, Known: 2, Duplicates: 1})
	f.same("and again", f.add(B, "d", "b", "e"), queue.Added{Known: 1, Duplicates: 2})
	f.reopen()
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("after reopen", f.add(B, "d", "f", "a", "a"), queue.Added{Added: 1, Known: 2, Duplicates: 1})
	f.want(queue.Counts{Pending: 6})
	other := items("a")
	other[0].Bucket = "other"
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: other})
	f.ok(err)
	f.same("the same key in another bucket", added, queue.Added{Added: 1})
	other = []queue.Item{{Bucket: "srca", Key: "b"}, {Bucket: "src", Key: "ab"}, {Bucket: "s", Key: "rcab"}}
	added, err = f.Add(f.ctx, B, queue.Chunk{Items: other})
	f.ok(err)
	f.same("bucket and key run together", added, queue.Added{Added: 3})
}

func has(f *fixture) {
	look := func(id string, changed bool, want []bool, rows ...queue.Item) {
		f.Helper()
		got, err := f.Has(f.ctx, id, rows, changed)
		f.ok(err)
		f.same("has", fmt.Sprint(got), fmt.Sprint(want))
	}
	f.ok(f.BeginReading(f.ctx, B, false))
	look(B, false, []bool{false, false}, items("a", "a")...)
	f.add(B, "a", "b", "c")
	look(B, false, []bool{true, false, true, true, false, false, true}, items("c", "none", "a", "a", "A", "none", "b")...)
	look(B, false, nil)
	f.finish(f.claim(1), queue.Result{To: queue.Failed, Code: "X"})
	f.reopen()
	look(B, false, []bool{true, true, false, true}, items("a", "b", "d", "c")...)
	f.ok(f.BeginReading(f.ctx, B, false))
	look(B, false, []bool{true, false}, items("a", "d")...)
	f.same("nothing was met by asking", f.add(B, "d", "a"), queue.Added{Added: 1, Known: 1})
	other := items("d", "d")
	other[0].Own.Priority, other[1].Bucket = 5, "other"
	look(B, false, []bool{true, false}, other...)
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "other", Account: "default"}))
	look("other", false, []bool{false}, items("a")...)
	_, err := f.Has(f.ctx, "none", nil, false)
	f.is(err, queue.ErrBatchNotFound)
}

// hasChanged asks for the contents too.
func hasChanged(f *fixture) {
	look := func(changed bool, want string, rows ...queue.Item) {
		f.Helper()
		got, err := f.Has(f.ctx, B, rows, changed)
		f.ok(err)
		f.same("has", fmt.Sprint(got), want)
	}
	f.night(row("sent", 1), row("other", 1))
	f.submitAll()
	f.night(row("waits", 1))
	f.ok(f.BeginReading(f.ctx, B, false))
	look(true, "[false true false]", row("sent", 2), row("waits", 2), row("none", 1))
	look(true, "[true true]", row("sent", 1), row("other", 0))
	look(false, "[true true false]", row("sent", 2), row("waits", 2), row("none", 1))
}

func conflicts(f *fixture) {
	row := func(line int64, key string, change func(*queue.Item)) queue.Item {
		it := queue.Item{Line: line, Bucket: "src", Key: key}
		if change != nil {
			change(&it)
		}
		return it
	}
	changes := map[string]func(*queue.Item){
		"name":        func(it *queue.Item) { it.Name = "n" },
		"services":    func(it *queue.Item) { it.Own.Services = []byte(`{"ocr":{}}`) },
		"priority":    func(it *queue.Item) { it.Own.Priority = 3 },
		"destination": func(it *queue.Item) { it.Own.DestinationBucket = "d" },
		"dest region": func(it *queue.Item) { it.Own.DestinationRegion = "d" },
		"region":      func(it *queue.Item) { it.Own.SourceRegion = "r" },
		"endpoint":    func(it *queue.Item) { it.Own.SourceEndpoint = "e" },
	}
	for name, change := range changes {
		f.ok(f.BeginReading(f.ctx, B, false))
		added, err := f.Add(f.ctx, B, queue.Chunk{Items: []queue.Item{
			row(7, name, nil), row(8, name, change), row(9, name, nil), row(10, name+"2", change), row(11, name+"2", change),
		}})
		f.ok(err)
		f.same(name, added, queue.Added{Added: 2, Duplicates: 2, Conflicts: []queue.Rejected{
			{Line: 8, Bucket: "src", Key: name, Reason: "the batch has this object with other fields (line 7)"},
		}})
		f.reopen()
		f.ok(f.BeginReading(f.ctx, B, false))
		added, err = f.Add(f.ctx, B, queue.Chunk{Items: []queue.Item{
			row(1, name+"2", nil), row(2, name+"2", change), row(3, name, change), row(4, name, nil), row(5, name, nil),
		}})
		f.ok(err)
		f.same(name+" read again", added, queue.Added{Known: 2, Duplicates: 1, Conflicts: []queue.Rejected{
			{Line: 1, Bucket: "src", Key: name + "2", Reason: "the batch has this object with other fields (line 10)"},
			{Line: 3, Bucket: "src", Key: name, Reason: "the batch has this object with other fields (line 7)"},
		}})
		f.same("rejected", f.rejected(), added.Conflicts)
	}
	extra := items("x", "x")
	extra[1].Extra = []queue.Field{{Name: "size", Value: "1"}}
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: extra})
	f.ok(err)
	f.same("other columns are no conflict", added, queue.Added{Added: 1, Duplicates: 1})
}

func (f *fixture) rejected() []queue.Rejected {
	f.Helper()
	var list []queue.Rejected
	f.ok(f.Rejected(f.ctx, B, func(r queue.Rejected) error {
		list = append(list, r)
		return nil
	}))
	return list
}

func (f *fixture) reading() queue.Reading {
	f.Helper()
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	r := b.Reading
	if r.Started.IsZero() {
		f.Error("the reading has no start")
	}
	if r.Complete && r.Ended.IsZero() {
		f.Error("the reading is complete and has no end")
	}
	r.Started, r.Ended = time.Time{}, time.Time{} // by the engine's clock
	r.Number = 0
	return r
}

func readings(f *fixture) {
	f.ok(f.BeginReading(f.ctx, B, false))
	chunk := queue.Chunk{
		Items: items("a", "b", "a"), Rejected: []queue.Rejected{{Line: 9, Reason: "no key"}},
		Skipped: map[string]int64{"type": 3, "exclude": 2},
	}
	_, err := f.Add(f.ctx, B, chunk)
	f.ok(err)
	want := queue.Reading{
		Rows: 9, Added: 2, Duplicates: 1, Rejected: 1, Skipped: 5, SkippedBy: map[string]int64{"type": 3, "exclude": 2},
	}
	f.same("reading", f.reading(), want)
	_, err = f.Add(f.ctx, B, queue.Chunk{Skipped: map[string]int64{"type": 1}})
	f.ok(err)
	f.ok(f.EndReading(f.ctx, B, true))
	f.reopen()
	want.Rows, want.Skipped, want.SkippedBy["type"], want.Complete = 10, 6, 4, true
	f.same("reading after reopen", f.reading(), want)
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("a new reading", f.reading(), queue.Reading{})
	f.add(B, "b")
	f.ok(f.EndReading(f.ctx, B, false))
	f.same("the new reading", f.reading(), queue.Reading{Rows: 1, Known: 1})
}

func rejected(f *fixture) {
	f.ok(f.BeginReading(f.ctx, B, false))
	var want []queue.Rejected
	for i := range 1000 {
		want = append(want, queue.Rejected{
			Line: int64(i), Bucket: "b", Key: "\xff\r\n\x01\"" + strings.Repeat("k", i), Reason: fmt.Sprint("reason ", i),
			Extra: []queue.Field{{Name: "size", Value: "\xfe"}},
		})
	}
	_, err := f.Add(f.ctx, B, queue.Chunk{Rejected: want[:400]})
	f.ok(err)
	_, err = f.Add(f.ctx, B, queue.Chunk{Rejected: want[400:]})
	f.ok(err)
	f.reopen()
	f.same("rejected", f.rejected(), want)
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("rejected by a new reading", len(f.rejected()), 0)
	_, err = f.Add(f.ctx, B, queue.Chunk{Rejected: want[:1]})
	f.ok(err)
	f.same("rejected by it", f.rejected(), want[:1])
	stop := fmt.Errorf("enough")
	f.is(f.Rejected(f.ctx, B, func(queue.Rejected) error { return stop }), stop)
}

// odd checks that everything in an item comes back as it was.
func odd(f *fixture) {
	long := strings.Repeat("ö", 512)
	var want []queue.Item
	for i, key := range []string{
		"a\nb", "a\rb", "a\r\nb", `a"b`, "a'b", "a,b", "a;b\tc", "a\x01b", "\x00", " a ", "a+b%20c", "😀/日本語/ä", "/", "//", "a/",
		".", "..", long, long[:1022], long[2:] + "x", "\ufeffkey", "=1+1", "nil", strings.Repeat("z", 1024),
	} {
		it := queue.Item{Line: int64(1000 - i), Bucket: "bucket", Key: key}
		switch i % 4 {
		case 1:
			it.Name = "name " + key
		case 2:
			it.Own = queue.JobFields{
				Services: []byte(`{"s2t":{"config":{"l":"` + fmt.Sprint(i) + `"}}}`), Priority: i%10 + 1, DestinationBucket: "d",
				DestinationRegion: "r", SourceRegion: "sr", SourceEndpoint: "https://e",
			}
			it.Bucket = "another"
		case 3:
			it.Extra = []queue.Field{
				{Name: "col", Value: key}, {Name: "big", Value: strings.Repeat(key, 4096/len(key))}, {Name: "", Value: ""}, {Name: "col", Value: "twice"},
			}
		}
		want = append(want, it)
	}
	for i := range want {
		want[i].Seq = uint64(i)
	}
	_, err := f.Add(f.ctx, B, queue.Chunk{Items: want})
	f.ok(err)
	f.reopen()
	var got []queue.Item
	for _, e := range f.entries(B, queue.Filter{}) {
		got = append(got, e.Item)
	}
	f.same("items", got, want)
	for i, c := range f.claim(100) {
		f.same("claimed item", c.Item, want[i])
	}
}

func empty(f *fixture) {
	f.ok(f.BeginReading(f.ctx, B, false))
	added, err := f.Add(f.ctx, B, queue.Chunk{})
	f.ok(err)
	f.same("added", added, queue.Added{})
	f.same("reading", f.reading(), queue.Reading{})
	f.ok(f.store(nil))
	f.ok(f.Entries(f.ctx, B, queue.Filter{}, func(*queue.Entry) error { f.Error("got an entry"); return nil }))
}

// many adds 100,000 items in chunks of several sizes, so that an engine that sorts, packs or merges does so.
func many(f *fixture) {
	all := keys(100_000)
	f.ok(f.BeginReading(f.ctx, B, false))
	for rest, n := all, 1; len(rest) > 0; n = n*3%20011 + 1 {
		n = min(n, len(rest))
		f.same("added", f.add(B, rest[:n]...), queue.Added{Added: n})
		rest = rest[n:]
	}
	f.reopen()
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("known", f.add(B, all[90_000:]...), queue.Added{Known: 10_000})
	f.same("known", f.add(B, all[:30_000]...), queue.Added{Known: 30_000})
	f.same("met and new", f.add(B, append(all[29_990:30_010:30_010], "new")...), queue.Added{Added: 1, Known: 10, Duplicates: 10})
	n := 0
	f.ok(f.Entries(f.ctx, B, queue.Filter{}, func(e *queue.Entry) error {
		if e.Seq != uint64(n) || n < len(all) && e.Key != all[n] {
			f.Fatalf("entry %d: got item %d %q", n, e.Seq, e.Key)
		}
		n++
		return nil
	}))
	f.same("entries", n, 100_001)
	f.same("in the middle", f.entry(all[54_321]).Seq, 54_321)
	_, ok, err := f.Find(f.ctx, B, queue.Object{Bucket: "src", Key: "none"})
	f.ok(err)
	f.same("found what is not there", ok, false)
}

func columns(f *fixture) {
	rows := items("a", "b", "c", "d")
	rows[0].Extra = []queue.Field{{Name: "size"}, {Name: "etag"}}
	rows[1].Extra = []queue.Field{{Name: "etag"}, {Name: "new"}}
	rows[1].Own = queue.JobFields{Services: []byte("{}"), Priority: 1, DestinationBucket: "d", DestinationRegion: "r"}
	rows[2].Own = queue.JobFields{Priority: 1, DestinationBucket: "d", SourceRegion: "r", SourceEndpoint: "e"}
	for range 2 {
		_, err := f.Add(f.ctx, B, queue.Chunk{Items: rows})
		f.ok(err)
	}
	more := items("e")
	more[0].Extra = []queue.Field{{Name: "late"}, {Name: "size"}}
	_, err := f.Add(f.ctx, B, queue.Chunk{Items: more})
	f.ok(err)
	f.reopen()
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("columns", b.Columns, []string{"size", "etag", "new", "late"})
	f.same("own", b.Own, queue.OwnCounts{Services: 1, Priority: 2, Destination: 1, Partial: 1, Region: 1, Endpoint: 1})
}
