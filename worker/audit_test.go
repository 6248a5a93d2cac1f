package worker

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// audited is what an audit came to.
type audited struct {
	joblist.Tally
	findings []joblist.Finding
	err      error
}

// audit compares the list with the queue, and adopts what the queue does not know.
func (b *bubble) audit(adopt bool) audited {
	b.t.Helper()
	var got audited
	a := joblist.Audit{
		Store: b.db, API: b.client(), Limiter: ratelimit.NewLimiter(ratelimit.Unlimited, 1), Batch: batch, Adopt: adopt,
		Settled: b.opened.Add(defaultSettle), Log: zerolog.Nop(),
		Report: func(f joblist.Finding) error { got.findings = append(got.findings, f); return nil },
	}
	got.Tally, got.err = a.Run(b.t.Context())
	return got
}

// want fails the test unless the audit came to its end with exactly these findings.
func (a audited) want(t *testing.T, want ...joblist.Finding) {
	t.Helper()
	if a.err != nil || !a.Complete {
		t.Fatalf("the audit ended with %v", a.err)
	}
	for _, list := range [][]joblist.Finding{a.findings, want} {
		for _, f := range list {
			slices.Sort(f.Listed)
		}
	}
	if diff := cmp.Diff(want, a.findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if int(a.Found()+a.Unsourced) != len(want) {
		t.Errorf("found: got %d, want %d: %+v", a.Found(), len(want), a.Tally)
	}
}

// lose leaves the queue behind and begins another with so many of the same items.
func (b *bubble) lose(items int) {
	b.t.Helper()
	b.close()
	b.db = nil
	b.open()
	if err := b.db.CreateBatch(b.t.Context(), queue.Batch{ID: batch, Settings: queue.Settings{JobFields: queue.JobFields{
		Services: []byte(`{"ocr":""}`), DestinationBucket: "out", DestinationRegion: "us-east-1",
	}}}); err != nil {
		b.t.Fatal(err)
	}
	b.add(0, items)
}

// sentBefore gives each of the first n items its job, as a queue that was lost has sent them.
func (b *bubble) sentBefore(n int) {
	for i := range n {
		it := queue.Item{Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", i)}
		j := stranger(batch, queue.JobName(batch, it), it.Key)
		j.Source.Bucket = it.Bucket
		b.air.Plant(j)
	}
}

func TestALostQueueIsRebuilt(t *testing.T) {
	const items, sent = 240, 130
	inBubble(t, items, airtest.Config{}, func(b *bubble) {
		wantStop(b.t, b.run(50, func(c *Config) { c.MaxItems = sent }), stop.Limit)
		b.lose(items)
		wantStop(b.t, b.run(50, nil), stop.Setup) // the match check
		got := b.audit(true)
		got.want(b.t)
		if got.Adopted != sent || got.Jobs != sent || got.Agreed != sent {
			b.t.Errorf("tally: got %+v, want %d adopted", got.Tally, sent)
		}
		again := b.audit(true)
		again.want(b.t)
		if again.Adopted != 0 || again.Agreed != sent {
			b.t.Errorf("once more: got %+v, want nothing to adopt", again.Tally)
		}
		b.want(queue.Counts{Submitted: sent, Pending: items - sent})
		if err := b.run(50, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: items})
		if posts := b.air.Posts(); posts != items {
			b.t.Errorf("POSTs: got %d, want %d", posts, items)
		}
		b.audit(false).want(b.t)
	})
}

// The list is not read before a settle window has passed since the queue was opened: what the process before sent last
// may not be listed yet.
func TestAnAuditWaitsForTheWindow(t *testing.T) {
	lag := airtest.Duration(defaultSettle - time.Second)
	inBubble(t, 20, airtest.Config{Settings: airtest.Settings{ListLag: lag}}, func(b *bubble) {
		if err := b.run(0, nil); err != nil {
			b.t.Fatal(err)
		}
		b.lose(20)
		b.audit(true).want(b.t)
		b.want(queue.Counts{Submitted: 20})
	})
}

// A job's day is AiR's, so that our own daily limit holds over the loss of a queue.
func TestAdoptedJobsCountAgainstTheirDay(t *testing.T) {
	inBubble(t, 20, airtest.Config{}, func(b *bubble) {
		wantStop(b.t, b.run(0, func(c *Config) { c.MaxItems = 8 }), stop.Limit)
		b.lose(20)
		b.audit(true).want(b.t)
		wantStop(b.t, b.run(0, func(c *Config) { c.DailyLimit, c.ExitOnCap = 10, true }), stop.Limit)
		b.want(queue.Counts{Submitted: 10, Pending: 10})
	})
}

// Every way in which queue and AiR can differ is found by a verification, and nothing is changed by it.
func TestAVerificationFindsEveryDifference(t *testing.T) {
	hidden := map[string]bool{"clip-00004.mov": true, "clip-00005.mov": true}
	c := airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
		return slices.DeleteFunc(page, func(j air.Job) bool { return hidden[j.Source.ObjectKey] && j.Source.Provider == "wasabi" })
	}}
	inBubble(t, 10, c, func(b *bubble) {
		if err := b.run(0, func(c *Config) { c.Workers = 1 }); err != nil {
			b.t.Fatal(err)
		}
		b.add(10, 12)
		b.twins = 2
		plant := func(key string) string {
			j := stranger(batch, "x", key)
			j.Source.Bucket, j.Source.Provider = "archive", "planted"
			return b.air.Plant(j)
		}
		second := plant("clip-00002.mov")
		instead := plant("clip-00005.mov")
		early := plant("clip-00010.mov")
		foreign := plant("nobody's.mov")
		b.air.Plant(stranger(batch+"-2", "x", "of another batch.mov"))
		id := map[string]string{}
		for _, j := range b.air.Jobs() {
			if j.Source.Provider == "wasabi" {
				id[j.Source.ObjectKey] = j.ID
			}
		}
		finding := func(kind joblist.FindingKind, key string, state queue.State, listed ...string) joblist.Finding {
			return joblist.Finding{Kind: kind, Bucket: "archive", Key: key, State: state, JobID: id[key], Listed: append([]string{}, listed...)}
		}
		before := b.counts()
		got := b.audit(false)
		got.want(b.t,
			finding(joblist.UnknownObject, "nobody's.mov", "", foreign),
			finding(joblist.TwoJobs, "clip-00002.mov", queue.Submitted, id["clip-00002.mov"], second),
			finding(joblist.NotListed, "clip-00004.mov", queue.Submitted),
			finding(joblist.OtherJob, "clip-00005.mov", queue.Submitted, instead),
			finding(joblist.NotSubmitted, "clip-00010.mov", queue.Pending, early),
		)
		if got.Jobs != 12 || got.Agreed != 8 {
			b.t.Errorf("tally: got %+v, want 12 jobs of which 8 agree", got.Tally)
		}
		b.want(before)
		// An adoption takes what is missing, jobs of objects without an item among it, and reports the rest.
		id["nobody's.mov"] = foreign
		b.audit(true).want(b.t,
			finding(joblist.Unsourced, "nobody's.mov", queue.Submitted, foreign),
			finding(joblist.TwoJobs, "clip-00002.mov", queue.Submitted, id["clip-00002.mov"], second),
			finding(joblist.OtherJob, "clip-00005.mov", queue.Submitted, instead),
		)
		b.want(queue.Counts{Submitted: 12, Pending: 1})
	})
}

// pageOf returns the number of the page that a GET asks for, 0 for a lookup.
func pageOf(r airtest.Request) int {
	n, _ := strconv.Atoi(r.Query.Get("pageNumber"))
	if r.Method != "GET" || r.Query.Get("name") != "" {
		return 0
	}
	return n
}

// hostileList is a list that does something else than it should.
type hostileList struct {
	name   string
	config airtest.Config
	// incomplete is the reason with which it ends early, 0: it does not.
	incomplete stop.Reason
	unsourced  int64 // jobs of objects without an item that it must have adopted
	lookedUp   bool  // it proves nothing by itself, so what it did not show must have been looked up
}

// listState is what hostile lists act on.
type listState struct {
	auditing atomic.Bool
	planted  atomic.Int64
	air      *airtest.Server
}

func (l *listState) hostileLists() []hostileList {
	// shifting adds jobs before the pages still to come, up to so many.
	shifting := func(most int64) airtest.Config {
		return airtest.Config{
			EditQuery: func(q url.Values) { q.Set("sortOrder", "Desc") },
			OnRequest: func(r airtest.Request) {
				if l.auditing.Load() && pageOf(r) > 1 && l.planted.Load() < most {
					i := l.planted.Add(1)
					l.air.Plant(stranger(batch, fmt.Sprint("new-", i), fmt.Sprint("new-", i)))
				}
			},
		}
	}
	fails := func(kind airtest.Kind, status, times int, page int) airtest.Config {
		var n atomic.Int64
		return airtest.Config{Script: func(r airtest.Request) airtest.Fault {
			if l.auditing.Load() && pageOf(r) == page && n.Add(1) <= int64(times) {
				return airtest.Fault{Kind: kind, Status: status, Code: "X"}
			}
			return airtest.Fault{}
		}}
	}
	// Every other request has two jobs, the last of page 1 and the first of page 2, in each other's place: the same two are
	// shown, and passed over, in each pass of an odd number of requests.
	turning := func() airtest.Config {
		var n atomic.Int64
		return airtest.Config{EditRecords: func(r airtest.Request, page []air.Job) []air.Job {
			if page := slices.Clone(page); l.auditing.Load() && n.Add(1)%2 == 0 && pageOf(r) == 2 && r.Query.Get("sortOrder") != "Desc" {
				page[0] = l.air.Jobs()[99]
				return page
			}
			return page
		}}
	}
	return []hostileList{
		{name: "an honest one"},
		{name: "it ignores the page's size", config: airtest.Config{EditQuery: func(q url.Values) { q.Set("pageSize", "25") }}},
		{name: "it ignores the batch", config: airtest.Config{EditQuery: func(q url.Values) { q.Del("batch") }}},
		{name: "it ignores the page's number", config: airtest.Config{EditQuery: func(q url.Values) { q.Del("pageNumber") }}, incomplete: stop.Unexpected},
		{name: "it begins anew after its end", config: airtest.Config{EditQuery: func(q url.Values) {
			if n, _ := strconv.Atoi(q.Get("pageNumber")); n > 4 {
				q.Set("pageNumber", strconv.Itoa((n-1)%4+1))
			}
		}}, incomplete: stop.Unexpected},
		{name: "it gives its last page again for any number behind it", config: airtest.Config{EditQuery: func(q url.Values) {
			if n, _ := strconv.Atoi(q.Get("pageNumber")); n > 4 {
				q.Set("pageNumber", "4")
			}
		}}},
		{name: "it stays on a page in the middle", config: airtest.Config{EditQuery: func(q url.Values) {
			if n, _ := strconv.Atoi(q.Get("pageNumber")); n > 2 {
				q.Set("pageNumber", "2")
			}
		}}, incomplete: stop.Unexpected},
		{name: "it refuses the page behind the last", config: fails(airtest.StatusBefore, 400, 1e9, 5)},
		{name: "it knows no page behind the last", config: fails(airtest.StatusBefore, 404, 1e9, 5)},
		{name: "it refuses a page in the middle", config: fails(airtest.StatusBefore, 404, 1e9, 3), lookedUp: true},
		{name: "it is no list", config: fails(airtest.StatusBefore, 404, 1e9, 1), incomplete: stop.Setup},
		{name: "it refuses the keys", config: fails(airtest.StatusBefore, 401, 1e9, 3), incomplete: stop.Credentials},
		{name: "500s for a while", config: fails(airtest.Err500Before, 0, 5, 3)},
		{name: "403s for a while", config: fails(airtest.Forbid403, 0, 5, 3)},
		{name: "HTML for a while", config: fails(airtest.HTML200Before, 0, 5, 3)},
		{name: "nothing for a while", config: fails(airtest.HangBefore, 0, 5, 3)},
		{name: "500s for ever", config: fails(airtest.Err500Before, 0, 1e9, 3), incomplete: stop.Unexpected},
		{name: "objects without records for ever", config: fails(airtest.EmptyJSONBefore, 0, 1e9, 3), incomplete: stop.Unexpected},
		{name: "a record on every page", config: airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
			if len(page) == 0 {
				return nil
			}
			return append(page, l.air.Jobs()[0])
		}}, lookedUp: true},
		{name: "jobs of equal date, whose order turns", config: turning(), lookedUp: true},
		{name: "pages that shift at first", config: shifting(3), unsourced: 3},
		{name: "pages that always shift", config: shifting(1e9), lookedUp: true},
	}
}

// Whatever the list does, an audit reads all of it, or says that it could not.
func TestAuditsOfHostileLists(t *testing.T) {
	const items = 350
	var l listState
	for _, c := range l.hostileLists() {
		t.Run(c.name, func(t *testing.T) {
			l.auditing.Store(false)
			l.planted.Store(0)
			inBubble(t, items, c.config, func(b *bubble) {
				l.air = b.air
				for i := range 30 {
					b.air.Plant(stranger("other", fmt.Sprint("other-", i), fmt.Sprint("other-", i)))
				}
				b.sentBefore(items)
				l.auditing.Store(true)
				begin := time.Now()
				got := b.audit(true)
				if c.incomplete != 0 {
					wantStop(b.t, got.err, c.incomplete)
					if got.Complete {
						b.t.Error("it claims to be complete")
					}
					if took := time.Since(begin); took > joblist.GiveUp+10*time.Minute {
						b.t.Errorf("it went on for %v", took)
					}
					return
				}
				if c.lookedUp {
					c.unsourced = got.Unsourced // jobs that are made meanwhile have no end
				}
				if got.err != nil || !got.Complete || got.Agreed != items+c.unsourced || got.Unsourced != c.unsourced || got.Found() != 0 {
					b.t.Errorf("got %+v, %v, want %d adopted and %d unsourced", got.Tally, got.err, items, c.unsourced)
				}
				b.want(queue.Counts{Submitted: items + c.unsourced})
				if err := b.run(0, func(c *Config) { c.TrustQueue = true }); err != nil || b.air.Posts() != 0 {
					b.t.Errorf("a run afterwards: %v, and %d POSTs, want none", err, b.air.Posts())
				}
			})
		})
	}
}
