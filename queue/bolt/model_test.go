package bolt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"airlift/queue"
	"airlift/queue/queuetest"
)

// model is what the queue should be, as simply as it can be said.
type model struct {
	t       *rapid.T
	db      *DB
	path    string
	order   []string // items by seq: the key, of further items of an object with their number behind
	records map[string]queue.Record
	// content is what each item's job reads, or has read; items are those of an object.
	content map[string]queue.Content
	items   map[string][]string
	claimed map[string]bool // ever
	reading map[string]bool // met in this reading
	turn    int             // where the next ready item is looked for
	day     queue.DayCount
	// unsourced are the items that an adoption made for objects of no source.
	unsourced map[string]bool
}

const modelDay = queue.Day(7)

// TestModel works on a queue at random and compares it with a map.
func TestModel(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := &model{t: t, path: filepath.Join(dir, fmt.Sprintf("%d.db", n)), records: map[string]queue.Record{}, claimed: map[string]bool{},
			content: map[string]queue.Content{}, items: map[string][]string{}, unsourced: map[string]bool{}}
		m.open()
		must2(t, m.db.CreateBatch(t.Context(), queue.Batch{ID: "b"}))
		m.begin()
		defer func() { m.db.Close(); os.Remove(m.path) }()
		t.Repeat(map[string]func(*rapid.T){
			"add": m.add, "night": m.night, "claim": m.claim, "claim given": m.claimGiven, "finish": m.finish, "crash": m.crash, "retry": m.retry, "cancel": m.cancel, "adopt": m.adopt,
			"withdraw": m.withdraw, "replace": m.replace,
			"adopt a version": m.adoptVersion, "adopt unsourced": m.adoptUnsourced,
			"": func(t *rapid.T) { m.t = t; m.compare() },
		})
	})
}

func must2(t *rapid.T, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

func (m *model) open() {
	db, err := Open(m.path, Options{})
	must2(m.t, err)
	m.db = db
}

func (m *model) begin() {
	must2(m.t, m.db.BeginReading(m.t.Context(), "b", false))
	m.reading = map[string]bool{}
}

func (m *model) add(t *rapid.T) {
	keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("k%d", rapid.IntRange(0, 60).Draw(t, "key"))
	}), 0, 12).Draw(t, "keys")
	m.addRows(t, keys, false)
}

// night adds keys with contents, and asks for changes.
func (m *model) night(t *rapid.T) {
	m.begin()
	keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("k%d", rapid.IntRange(0, 20).Draw(t, "key"))
	}), 0, 12).Draw(t, "keys")
	m.addRows(t, keys, true)
}

func (m *model) addRows(t *rapid.T, keys []string, changed bool) {
	var want queue.Added
	var rows []queue.Item
	for _, k := range keys {
		c := queue.Content(rapid.IntRange(0, 3).Draw(t, "content")) // of a size only
		rows = append(rows, queue.Item{Key: k, Content: c})
		items := m.items[k]
		switch {
		case m.reading[k]:
			want.Duplicates++
		case len(items) == 0:
			want.Added++
			m.grow(k, c)
		case !changed:
			want.Known++
			m.restore(k, &want)
		default:
			m.meet(k, c, &want)
			m.restore(k, &want)
		}
		m.reading[k] = true
	}
	got, err := m.db.Add(t.Context(), "b", queue.Chunk{Items: rows, Changed: changed})
	must2(t, err)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("add %q: got %+v, want %+v", keys, got, want)
	}
}

// grow makes an item of an object.
func (m *model) grow(key string, c queue.Content) {
	name := key
	if n := len(m.items[key]); n > 0 {
		name = fmt.Sprintf("%s/%d", key, n)
	}
	m.items[key] = append(m.items[key], name)
	m.order = append(m.order, name)
	m.records[name] = queue.Record{State: queue.Pending}
	m.content[name] = c
}

// meet is what becomes of a row of a known object whose contents are asked for.
func (m *model) meet(key string, c queue.Content, want *queue.Added) {
	items := m.items[key]
	last := items[len(items)-1]
	have := m.content[last]
	isPast := slices.ContainsFunc(items, func(name string) bool { return m.content[name] == c })
	switch {
	case c == 0:
		want.Known++
		want.Unsure++
	case c == have:
		want.Known++
	case !m.records[last].MayHaveJob():
		want.Known++
		m.content[last] = c
	case isPast:
		want.Known++
	case have == 0:
		want.Known++
		want.Unsure++
		m.content[last] = c
	default:
		want.Added++
		m.grow(key, c)
	}
}

// inState lists the keys in the states, in order.
func (m *model) inState(states ...queue.State) (keys []string) {
	for _, k := range m.order {
		if slices.Contains(states, m.records[k].State) {
			keys = append(keys, k)
		}
	}
	return keys
}

func (m *model) claim(t *rapid.T) {
	n := rapid.IntRange(1, 8).Draw(t, "n")
	want := m.claimable(n)
	list, err := queuetest.On(m.db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Max: n, Day: modelDay})
	must2(t, err)
	m.took(t, list, want)
}

// claimGiven claims items that it names, in any order.
func (m *model) claimGiven(t *rapid.T) {
	given := rapid.SliceOfN(rapid.Uint64Range(0, 80), 0, 6).Draw(t, "given")
	n := rapid.IntRange(1, 4).Draw(t, "n")
	var want []string
	for _, seq := range given {
		if seq < uint64(len(m.order)) && len(want) < n {
			if name := m.order[seq]; m.records[name].State == queue.Pending && !slices.Contains(want, name) {
				want = append(want, name)
			}
		}
	}
	list, err := queuetest.On(m.db).Claim(t.Context(), queue.ClaimRequest{Batches: []string{"b"}, Only: [][]uint64{given}, Max: n, Day: modelDay})
	must2(t, err)
	m.took(t, list, want)
}

// claimable lists what the next claim of n must give.
func (m *model) claimable(n int) []string {
	want := m.inState(queue.Pending)
	// What became pending again goes last, the fewest attempts first, in turn from after the one taken last; what was
	// cancelled before its turn and taken back counts among it.
	rank := func(key string) int {
		switch {
		case !m.claimed[key]:
			return 0
		case slices.Index(m.order, key) < m.turn:
			return 2 + 2*m.records[key].Attempts
		}
		return 1 + 2*m.records[key].Attempts
	}
	sort.SliceStable(want, func(i, j int) bool { return rank(want[i]) < rank(want[j]) })
	want = want[:min(n, len(want))]
	for _, k := range want {
		if m.claimed[k] {
			m.turn = slices.Index(m.order, k) + 1
		}
	}
	return want
}

func (m *model) took(t *rapid.T, list []queue.Claimed, want []string) {
	var got []string
	for _, c := range list {
		name := m.order[c.Seq]
		got = append(got, name)
		rec, err := queue.Claim(m.records[name], modelDay)
		must2(t, err)
		if c.Record != rec {
			t.Fatalf("claimed %q: got %+v, want %+v", name, c.Record, rec)
		}
		m.records[name] = rec
		m.claimed[name] = true
		m.day.Claimed++
	}
	if !slices.Equal(got, want) {
		t.Fatalf("claim: got %q, want %q", got, want)
	}
}

func (m *model) finish(t *rapid.T) {
	var results []queue.Result
	after := map[string]queue.Record{}
	day := m.day
	for _, k := range m.inState(queue.Sending, queue.InDoubt) {
		if rapid.Bool().Draw(t, "leave") {
			continue
		}
		res := queue.Result{
			Batch: "b", Seq: uint64(slices.Index(m.order, k)),
			To:        rapid.SampledFrom([]queue.State{queue.Submitted, queue.Failed, queue.Pending, queue.InDoubt}).Draw(t, "to"),
			Attempted: rapid.Bool().Draw(t, "attempted"),
		}
		switch res.To {
		case queue.Submitted:
			res.JobID = rapid.SampledFrom([]string{"j of " + k, "j of another " + k, "same", "0123456789abcdef0123456789abcdef"}).Draw(t, "id")
			day.Submitted++
		case queue.Failed, queue.Pending:
			res.Code = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "code")
			if res.Refund = rapid.Bool().Draw(t, "refund"); res.Refund {
				day.Claimed--
			}
		}
		rec, err := queue.Apply(m.records[k], res)
		must2(t, err)
		after[k] = rec
		results = append(results, res)
	}
	if len(results) > 0 && rapid.IntRange(0, 5).Draw(t, "spoil") == 0 {
		bad := append(slices.Clone(results), queue.Result{Batch: "b", Seq: results[0].Seq, To: queue.Sending})
		if _, err := queuetest.On(m.db).Finish(t.Context(), bad); err == nil {
			t.Fatal("an unlawful move: got no error")
		}
		return
	}
	store := func() ([]queue.Claimed, []queue.Clash, error) {
		clashes, err := queuetest.On(m.db).Finish(t.Context(), results)
		return nil, clashes, err
	}
	claims := rapid.IntRange(0, 8).Draw(t, "claims")
	if claims > 0 {
		store = func() ([]queue.Claimed, []queue.Clash, error) {
			return m.db.Exchange(t.Context(), results, queue.ClaimRequest{Batches: []string{"b"}, Max: claims, Day: modelDay})
		}
	}
	list, clashes, err := store()
	must2(t, err)
	m.day = day
	m.apply(t, results, after, clashes)
	m.took(t, list, m.claimable(claims))
}

// crash goes on with a copy of the file, as a process does that follows a killed one.
func (m *model) crash(t *rapid.T) {
	data, err := os.ReadFile(m.path)
	must2(t, err)
	must2(t, m.db.Close())
	must2(t, os.WriteFile(m.path, data, 0o600))
	m.open()
	for k, rec := range m.records {
		m.records[k] = queue.Recover(rec)
	}
	m.turn = 0 // a restart may forget it
	m.begin()
}

func (m *model) retry(t *rapid.T) {
	from := rapid.SampledFrom([]queue.State{queue.Failed, queue.Cancelled}).Draw(t, "from")
	f := queue.Filter{Code: rapid.SampledFrom([]string{"", "A"}).Draw(t, "code")}
	n, err := queuetest.On(m.db).Retry(t.Context(), "b", from, f)
	must2(t, err)
	sourced := func(e *queue.Entry) bool { return !(e.Unsourced && e.Withdrawn) && f.Match(e) }
	m.change(t, n, sourced, queue.Requeue, from)
}

func (m *model) cancel(t *rapid.T) {
	last := rapid.IntRange(0, 9).Draw(t, "digit")
	f := queue.Filter{Key: func(k string) bool { return k[len(k)-1] == byte('0'+last) }}
	n, err := queuetest.On(m.db).Cancel(t.Context(), "b", f)
	must2(t, err)
	m.change(t, n, f.Match, queue.Cancel, queue.Pending, queue.Failed)
}

func (m *model) adopt(t *rapid.T) {
	var jobs []queue.Adopted
	var displaced []string
	for _, k := range m.inState(queue.Pending, queue.InDoubt, queue.Failed, queue.Cancelled, queue.Submitted) {
		if rapid.IntRange(0, 3).Draw(t, "listed") > 0 {
			continue
		}
		a := queue.Adopted{Seq: uint64(slices.Index(m.order, k)), JobID: "adopted " + k, Day: modelDay}
		if len(jobs) == 0 && rapid.Bool().Draw(t, "same") {
			a.JobID = "same"
		}
		jobs = append(jobs, a)
		if m.records[k].State == queue.Submitted {
			continue
		}
		if m.records[k].State != queue.InDoubt {
			m.day.Claimed++
		}
		rec, err := queue.Adopt(m.records[k], a)
		must2(t, err)
		if other := m.holder(a.JobID); other != "" {
			displaced = append(displaced, other)
		}
		m.records[k] = rec
		m.day.Submitted++
	}
	_, err := m.db.Adopt(t.Context(), "b", jobs)
	must2(t, err)
	for _, k := range displaced {
		m.contest(t, k, "")
	}
}

// adoptVersion adopts the job of a version that the queue does not have.
func (m *model) adoptVersion(t *rapid.T) {
	if len(m.order) == 0 {
		t.Skip()
	}
	key, _, _ := strings.Cut(rapid.SampledFrom(m.order).Draw(t, "item"), "/")
	first := m.items[key][0]
	c := queue.Content(100 + len(m.order))
	n, err := m.db.Adopt(t.Context(), "b", []queue.Adopted{{Seq: uint64(slices.Index(m.order, first)), Version: uint64(c), JobID: "version " + fmt.Sprint(c), Day: modelDay}})
	must2(t, err)
	if n != 1 {
		t.Fatalf("adopted: got %d, want 1", n)
	}
	m.grow(key, c)
	items := m.items[key]
	m.content[first] = 0
	last := len(items) - 1
	rec, err := queue.Adopt(m.records[items[last]], queue.Adopted{JobID: "version " + fmt.Sprint(c), Day: modelDay})
	must2(t, err)
	m.records[items[last]] = rec
	m.claimed[items[last]] = true
	m.unsourced[items[last]] = m.unsourced[first]
	m.day.Claimed++
	m.day.Submitted++
	if last > 1 && !m.records[items[last-1]].MayHaveJob() { // what is still to be sent stays the last
		items[last-1], items[last] = items[last], items[last-1]
	}
}

func (m *model) change(t *rapid.T, got int64, match func(*queue.Entry) bool, to func(queue.Record) (queue.Record, error), from ...queue.State) {
	want := int64(0)
	for _, k := range m.inState(from...) {
		key, _, _ := strings.Cut(k, "/")
		if match(&queue.Entry{Item: queue.Item{Key: key, Unsourced: m.unsourced[k]}, Record: m.records[k]}) {
			rec, err := to(m.records[k])
			must2(t, err)
			m.records[k] = rec
			m.claimed[k] = true // if it is pending again, it is among those that go first
			want++
		}
	}
	if got != want {
		t.Fatalf("changed: got %d, want %d", got, want)
	}
}

func (m *model) compare() {
	t := m.t
	i := 0
	var counts queue.Counts
	must2(t, queuetest.On(m.db).Entries(t.Context(), "b", queue.Filter{}, func(e *queue.Entry) error {
		if i >= len(m.order) {
			t.Fatalf("entry %d: got %+v, want no more", i, e)
		}
		name := m.order[i]
		key, number, _ := strings.Cut(name, "/")
		if e.Key != key || (e.Version != 0) != (number != "") || e.Record != m.records[name] {
			t.Fatalf("entry %d: got %+v, want %q %+v", i, e, name, m.records[name])
		}
		found, ok, err := m.db.Find(t.Context(), "b", queue.Object{Key: key, Version: e.Version})
		if must2(t, err); !ok || found.Seq != e.Seq {
			t.Fatalf("find %q: got %v %+v, want item %d", name, ok, found, e.Seq)
		}
		*counts.Of(e.State)++
		counts.Items++
		i++
		return nil
	}))
	if i != len(m.order) {
		t.Fatalf("entries: got %d, want %d", i, len(m.order))
	}
	b, err := m.db.Batch(t.Context(), "b")
	must2(t, err)
	if b.Counts != counts {
		t.Fatalf("counts: got %+v, want %+v", b.Counts, counts)
	}
	day, err := queuetest.On(m.db).Day(t.Context(), queue.DefaultAccount, modelDay)
	must2(t, err)
	if day != m.day {
		t.Fatalf("day: got %+v, want %+v", day, m.day)
	}
	report, err := m.db.Check(t.Context(), nil)
	if err != nil || !report.OK() {
		t.Fatalf("check: got %q, %v, want nothing", report.Problems, err)
	}
}
