package worker

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/text/unicode/norm"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// plantApart gives each of the first n items its job, two seconds apart but for the ties: those are made together with
// the job before.
func (b *bubble) plantApart(n int, ties ...int) {
	tied := map[int]bool{}
	for _, i := range ties {
		tied[i] = true
	}
	for i := range n {
		if !tied[i] {
			b.air.Advance(2 * time.Second)
		}
		b.plantFor(i)
	}
}

// plantFor gives one item its job.
func (b *bubble) plantFor(i int) string {
	it := queue.Item{Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", i)}
	j := stranger(batch, queue.JobName(batch, it), it.Key)
	j.Source.Bucket = it.Bucket
	return b.air.Plant(j)
}

// settings of a list whose equal jobs turn with each request.
var turningTies = airtest.Settings{TurningTies: airtest.Duration(time.Second)}

// One tie on the edge of two pages turns with each request: no two readings agree, and some pass it over. Adopted all the
// same, and nothing gets a second job.
func TestOneTieThatTurnsAmongManyJobs(t *testing.T) {
	const items, jobs = 430, 400
	for _, tie := range []int{100, 200, 300} {
		t.Run(fmt.Sprint(tie), func(t *testing.T) {
			inBubble(t, items, airtest.Config{Settings: turningTies}, func(b *bubble) {
				b.plantApart(jobs, tie)
				got := b.audit(true)
				got.want(b.t)
				if got.Adopted != jobs || got.LookedUp == 0 {
					b.t.Errorf("got %+v, want %d adopted and the rest looked up", got.Tally, jobs)
				}
				if err := b.run(0, nil); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: items})
				if got := b.air.Posts(); got != items-jobs {
					b.t.Errorf("POSTs: got %d, want %d", got, items-jobs)
				}
			})
		})
	}
}

// A job that no reading shows, of a list that is not at rest, is found by a lookup, adopted or told by a verification;
// and what is truly missing is told too.
func TestWhatNoReadingShowsIsLookedUp(t *testing.T) {
	const items = 130
	var hiding atomic.Bool
	c := airtest.Config{Settings: turningTies}
	c.EditRecords = func(r airtest.Request, page []air.Job) []air.Job {
		if !hiding.Load() || r.Query.Get("name") != "" {
			return page
		}
		for i := range page {
			if k := page[i].Source.ObjectKey; k == "clip-00007.mov" || k == "clip-00129.mov" {
				page[i] = page[(i+1)%len(page)] // as if a tie had turned: another job is there twice
			}
		}
		return page
	}
	inBubble(t, items, c, func(b *bubble) {
		hiding.Store(true)
		b.plantApart(items - 1) // all but the last have jobs
		got := b.audit(true)
		got.want(b.t)
		if got.Adopted != items-1 || got.LookedUp != 2 {
			b.t.Errorf("got %+v, want %d adopted and two items looked up", got.Tally, items-1)
		}
		b.want(queue.Counts{Submitted: items - 1, Pending: 1})
		verified := b.audit(false)
		verified.want(b.t)
		early := b.plantFor(items - 1)
		b.audit(false).want(b.t, joblist.Finding{Kind: joblist.NotSubmitted, Bucket: "archive", Key: "clip-00129.mov", State: queue.Pending, Listed: []string{early}})
		e, _, err := b.db.Find(b.t.Context(), batch, queue.Object{Bucket: "archive", Key: "clip-00000.mov"})
		if err != nil {
			b.t.Fatal(err)
		}
		b.audit(true).want(b.t)
		b.air.Forget(1)
		b.audit(false).want(b.t, joblist.Finding{Kind: joblist.NotListed, Bucket: "archive", Key: "clip-00000.mov", State: queue.Submitted, JobID: e.JobID, Listed: []string{}})
		if posts := b.air.Posts(); posts != 0 {
			b.t.Errorf("POSTs: got %d, want none", posts)
		}
	})
}

// Old jobs leave the front of the list while it is read, seven a page: those behind them move to pages already read.
func TestOldJobsLeaveWhileTheListIsRead(t *testing.T) {
	const items, jobs = 450, 400
	for name, pages := range map[string]int64{"during the first reading": 3, "all the time": 1e6} {
		t.Run(name, func(t *testing.T) {
			var reading atomic.Bool
			var left atomic.Int64
			var outer bubble
			c := airtest.Config{OnRequest: func(r airtest.Request) {
				if reading.Load() && pageOf(r) > 1 && left.Add(1) <= pages && (pages < 100 || r.Query.Get("sortOrder") == "Asc") {
					outer.air.Forget(7)
				}
			}}
			inBubble(t, items, c, func(b *bubble) {
				outer.air = b.air
				b.plantApart(jobs)
				reading.Store(true)
				got := b.audit(true)
				got.want(b.t)
				if got.Adopted != jobs {
					b.t.Errorf("got %+v, want %d adopted", got.Tally, jobs)
				}
				reading.Store(false)
				gone := b.counts().Submitted - int64(len(b.listedNow()))
				if err := b.run(0, nil); err != nil {
					b.t.Fatal(err)
				}
				if posts := b.air.Posts(); posts != items-jobs {
					b.t.Errorf("POSTs: got %d, want %d", posts, items-jobs)
				}
				// What has left is told as not listed, and nothing else.
				after := b.audit(false)
				if after.err != nil || after.NotListed != gone || after.Found() != gone {
					b.t.Errorf("verified: got %+v, %v, want %d not listed", after.Tally, after.err, gone)
				}
			})
		})
	}
}

// listedNow returns all jobs that the list shows.
func (b *bubble) listedNow() (jobs []air.Job) {
	b.t.Helper()
	client := b.client()
	for n := 1; ; n++ {
		page, err := client.List(b.t.Context(), air.ListQuery{Batch: batch, PageNumber: n})
		if err != nil {
			b.t.Fatal(err)
		}
		if len(page.Jobs) == 0 {
			return jobs
		}
		jobs = append(jobs, page.Jobs...)
	}
}

// A run of a batch whose adoption did not end well sends nothing; lookups go on, and the user may overrule it.
func TestARunWaitsForTheAdoption(t *testing.T) {
	inBubble(t, 3, airtest.Config{}, func(b *bubble) {
		b.ok(b.db.SetAdoption(b.t.Context(), batch, queue.AdoptionBegun))
		for range 2 {
			err := b.run(0, func(c *Config) { c.AdoptCommand = func(id string) string { return "airlift adopt " + id + " here" } })
			wantStop(b.t, err, stop.Setup)
			if !strings.Contains(err.Error(), "airlift adopt b here") || !strings.Contains(err.Error(), "--trust-queue") {
				b.t.Errorf("it does not say what to do: %v", err)
			}
			b.reopen()
		}
		b.ok(b.run(0, func(c *Config) { c.LookupsOnly = true }))
		if posts := b.air.Posts(); posts != 0 {
			b.t.Errorf("POSTs: got %d, want none", posts)
		}
		b.ok(b.run(0, func(c *Config) { c.TrustQueue, c.MaxItems = true, 5 }))
		b.want(queue.Counts{Submitted: 3})
		b.audit(true).want(b.t)
		b.ok(b.run(0, nil))
	})
}

func (b *bubble) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// A job that may be of an object which the batch has under another spelling is not taken for another object's: the
// object's own item would be sent. If that has its job, it is.
func TestAnObjectOfAnotherSpellingIsNotAdoptedAsAnother(t *testing.T) {
	inBubble(t, 2, airtest.Config{}, func(b *bubble) {
		j := stranger(batch, "made by hand", "/clip-00001.mov")
		j.Source.Bucket = "archive"
		id := b.air.Plant(j)
		b.plantFor(0)
		unclear := joblist.Finding{Kind: joblist.UnknownObject, Bucket: "archive", Key: "/clip-00001.mov", Listed: []string{id}}
		b.audit(true).want(b.t, unclear)
		wantStop(b.t, b.run(0, nil), stop.Setup)
		b.plantFor(1)
		b.audit(true).want(b.t, joblist.Finding{Kind: joblist.Unsourced, Bucket: "archive", Key: "/clip-00001.mov", State: queue.Submitted, JobID: id, Listed: []string{id}})
		b.ok(b.run(0, nil))
		b.want(queue.Counts{Submitted: 3})
		if posts := b.air.Posts(); posts != 0 {
			b.t.Errorf("POSTs: got %d, want none", posts)
		}
	})
}

// A job whose object is not certain cannot become an item: it names no key, no bucket or no name, and its name does not
// prove what is missing. Nothing is sent then.
func TestJobsThatNameLessThanAnObject(t *testing.T) {
	for name, bare := range map[string]func(j *air.Job){
		"no key":           func(j *air.Job) { j.Source.ObjectKey = "" },
		"no bucket":        func(j *air.Job) { j.Source.Bucket = "" },
		"no name":          func(j *air.Job) { j.Name = "" },
		"neither of those": func(j *air.Job) { j.Source, j.Name = air.Source{}, "" },
	} {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
				for i := range page {
					if page[i].Name == "by hand" {
						bare(&page[i])
					}
				}
				return page
			}}
			inBubble(t, 1, c, func(b *bubble) {
				b.plantFor(0)
				id := b.air.Plant(stranger(batch, "by hand", "gone.mov"))
				for range 2 {
					got := b.audit(true)
					if got.err != nil || got.Unknown != 1 || got.Unsourced != 0 || len(got.findings) != 1 || got.findings[0].Listed[0] != id {
						b.t.Errorf("got %+v, %v, want job %s reported as unknown", got, got.err, id)
					}
				}
				wantStop(b.t, b.run(0, nil), stop.Setup)
				b.want(queue.Counts{Submitted: 1})
			})
		})
	}
}

// More jobs of nobody than are kept: any of them may be the item's, so it stays in doubt.
func TestTooManyUnknownJobsProveNoAbsence(t *testing.T) {
	var outer bubble
	c := airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		if r.Method != "POST" || r.Job.Source.ObjectKey != "clip-00002.mov" {
			return airtest.Fault{}
		}
		for i := range 10_000 + 1 {
			outer.air.Plant(stranger(batch, fmt.Sprint("nobody's ", i), fmt.Sprint("nobody's ", i)))
		}
		return airtest.Fault{Kind: airtest.ResetBefore}
	}}
	inBubble(t, 4, c, func(b *bubble) {
		outer.air = b.air
		var log bytes.Buffer
		b.runFor(3*time.Minute, 1, func(c *Config) { c.Workers, c.Log = 1, zerolog.New(zerolog.SyncWriter(&log)) }) // one reading of 100 pages
		b.want(queue.Counts{Submitted: 3, InDoubt: 1})
		if b.air.Posts() != 4 || !strings.Contains(log.String(), "more than 10000 jobs") {
			b.t.Errorf("%d POSTs, want 4, and the reason in:\n%.500s", b.air.Posts(), log.String())
		}
	})
}

// An implausible Date is said once, wherever it is seen first: here in the list that is read before the first POST.
func TestAnImpossibleDateOfAListIsSaid(t *testing.T) {
	var outer bubble
	var shifted atomic.Bool
	c := airtest.Config{OnRequest: func(r airtest.Request) {
		if shifted.CompareAndSwap(false, true) {
			outer.air.Advance(48 * time.Hour)
		} else if r.N == 2 {
			outer.air.Advance(-48 * time.Hour)
		}
	}}
	inBubble(t, 3, c, func(b *bubble) {
		outer.air = b.air
		var log bytes.Buffer
		b.ok(b.run(10, func(c *Config) { c.Log = zerolog.New(zerolog.SyncWriter(&log)) }))
		if got := strings.Count(log.String(), "is not plausible"); got != 1 {
			b.t.Errorf("%d warnings, want one:\n%s", got, log.String())
		}
	})
}

// No reading ends before an empty page: a batch is found behind pages of others that are shorter than asked for.
func TestABatchIsFoundBehindShortPagesOfOthers(t *testing.T) {
	inBubble(t, 0, airtest.Config{Settings: airtest.Settings{PageCap: 25}, EditQuery: dropBatch}, func(b *bubble) {
		has := func() bool {
			b.t.Helper()
			yes, err := joblist.HasJobs(b.t.Context(), b.client(), b.limiter(), batch)
			b.ok(err)
			return yes
		}
		if has() {
			b.t.Error("an empty list has jobs")
		}
		b.air.Plant(stranger(batch, "ours", "ours"))
		for i := range 130 {
			b.air.Plant(stranger("other", fmt.Sprint(i), fmt.Sprint(i)))
		}
		if !has() {
			b.t.Error("the batch's job was not found")
		}
	})
}

// A list that writes keys in ways that nobody foresaw, and shows jobs of objects that the batch has: those are reported,
// not taken for other objects, for the items would be sent.
func TestAnObjectWhoseKeyTheListChangesIsNotAdoptedAsAnother(t *testing.T) {
	for name, change := range map[string]func(j *air.Job){
		"lower case, its name too": func(j *air.Job) {
			j.Source.ObjectKey, j.Name = strings.ToLower(j.Source.ObjectKey), strings.ToLower(j.Name)
		},
		"escaped":             func(j *air.Job) { j.Source.ObjectKey = url.PathEscape(j.Source.ObjectKey) },
		"cut":                 func(j *air.Job) { j.Source.ObjectKey = j.Source.ObjectKey[:4] },
		"escaped, name unfit": func(j *air.Job) { j.Source.ObjectKey, j.Name = url.PathEscape(j.Source.ObjectKey), "x" },
	} {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
				for i := range page {
					change(&page[i])
				}
				return page
			}}
			inBubble(t, 0, c, func(b *bubble) {
				it := queue.Item{Line: 2, Bucket: "archive", Key: "A Reel/Clip é 1.mov"}
				_, err := b.db.Add(b.t.Context(), batch, queue.Chunk{Items: []queue.Item{it}})
				b.ok(err)
				j := stranger(batch, queue.JobName(batch, it), it.Key)
				j.Source.Bucket = it.Bucket
				b.air.Plant(j)
				got := b.audit(true)
				if got.err != nil || got.Unknown != 1 || got.Unsourced != 0 {
					b.t.Errorf("got %+v, %v, want one job that is not known", got.Tally, got.err)
				}
				wantStop(b.t, b.run(0, nil), stop.Setup)
				if posts := b.air.Posts(); posts != 0 {
					b.t.Errorf("POSTs: got %d, want none", posts)
				}
			})
		})
	}
}

// The name of a job proves how its object is spelled, whatever the list has made of it: an object that returns to the
// source is known.
func TestAnUnsourcedObjectKeepsItsSpelling(t *testing.T) {
	const nfd = "re\u0301el/clip.mov"
	for name, change := range map[string]func(s *air.Source){
		"NFC":             func(s *air.Source) { s.ObjectKey = norm.NFC.String(s.ObjectKey) },
		"no bucket":       func(s *air.Source) { s.Bucket = "" },
		"NFC, no bucket":  func(s *air.Source) { s.ObjectKey, s.Bucket = norm.NFC.String(s.ObjectKey), "" },
		"as it was given": func(*air.Source) {},
	} {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
				for i := range page {
					change(&page[i].Source)
				}
				return page
			}}
			inBubble(t, 1, c, func(b *bubble) {
				it := queue.Item{Line: 2, Bucket: "archive", Key: nfd}
				j := stranger(batch, queue.JobName(batch, it), it.Key)
				j.Source.Bucket = it.Bucket
				id := b.air.Plant(j)
				b.audit(true).want(b.t, joblist.Finding{Kind: joblist.Unsourced, Bucket: "archive", Key: nfd, State: queue.Submitted, JobID: id, Listed: []string{id}})
				b.audit(false).want(b.t)
				added, err := b.db.Add(b.t.Context(), batch, queue.Chunk{Items: []queue.Item{it}})
				b.ok(err)
				if added.Known != 1 {
					b.t.Errorf("added: got %+v, want it known", added)
				}
				b.ok(b.run(0, nil))
				b.want(queue.Counts{Submitted: 2})
				if posts := b.air.Posts(); posts != 1 {
					b.t.Errorf("POSTs: got %d, want one for the other object", posts)
				}
			})
		})
	}
}

// Of several batches only the one whose adoption has not ended well is left out, and the run says so at its end.
func TestOtherBatchesAreWorkedBesideAnAdoption(t *testing.T) {
	inBubble(t, 3, airtest.Config{}, func(b *bubble) {
		b.ok(b.db.CreateBatch(b.t.Context(), queue.Batch{ID: "half adopted", Adopting: true}))
		_, err := b.db.Add(b.t.Context(), "half adopted", queue.Chunk{Items: []queue.Item{{Line: 2, Bucket: "archive", Key: "x"}}})
		b.ok(err)
		err = b.run(0, func(c *Config) { c.Batches = []string{"half adopted", batch} })
		wantStop(b.t, err, stop.Setup)
		b.want(queue.Counts{Submitted: 3})
		if posts := b.air.Posts(); posts != 3 {
			b.t.Errorf("POSTs: got %d, want 3", posts)
		}
	})
}

// A name that a manifest gives may be that of many jobs. A list by name that turns a tie on the edge of two pages proves no
// absence.
func TestALookupOfANameOfManyJobs(t *testing.T) {
	const items, tie = 150, 100
	inBubble(t, 0, airtest.Config{Settings: turningTies}, func(b *bubble) {
		var c queue.Chunk
		var ids []string
		for i := range items {
			it := queue.Item{Seq: uint64(i), Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", i), Name: "clip"}
			c.Items = append(c.Items, it)
			if i == items-1 {
				break // this one has no job
			}
			if i != tie {
				b.air.Advance(2 * time.Second)
			}
			j := stranger(batch, it.Name, it.Key)
			j.Source.Bucket = it.Bucket
			ids = append(ids, b.air.Plant(j))
		}
		_, err := b.db.Add(b.t.Context(), batch, c)
		b.ok(err)
		p := b.pool(0, nil)
		b.ok(p.prepare(b.t.Context()))
		for range 3 {
			for seq := range ids {
				if seq%7 != 0 && seq != tie && seq != tie-1 {
					continue
				}
				got, err := p.lookups.lookup(b.t.Context(), queue.Claimed{Batch: batch, Item: c.Items[seq]})
				if got.JobID != ids[seq] && err == nil {
					b.t.Fatalf("item %d: got %+v, want its job or an error", seq, got)
				}
			}
			_, err := b.client().List(b.t.Context(), air.ListQuery{}) // the next round has the other parity
			b.ok(err)
		}
		// The last item's absence is known as soon as a list is at rest.
		b.ok(b.air.Change(func(s *airtest.Settings) { s.TurningTies = 0 }))
		got, err := p.lookups.lookup(b.t.Context(), queue.Claimed{Batch: batch, Item: c.Items[items-1]})
		if err != nil || got != (joblist.Found{}) {
			b.t.Errorf("got %+v, %v, want absence", got, err)
		}
	})
}
