package worker

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/joblist"
)

// stranger is a job of somebody else.
func stranger(batch, name, key string) air.NewJob {
	return air.NewJob{
		Name: name, Batch: batch, Services: []byte(`{"ocr":""}`), Source: air.Source{Bucket: "elsewhere", ObjectKey: key},
		Destination: air.Destination{Bucket: "out", Region: "us-east-1"},
	}
}

// isLookup tells the question for one item from those for the whole batch.
func isLookup(r airtest.Request) bool { return r.Method == "GET" && r.Query.Get("name") != "" }

// hostile is a way in which a list can be other than one would wish. Whatever it is, what is in doubt has to be settled
// rightly, with no second job.
type hostile struct {
	name   string
	config func(lost *bubble) airtest.Config
	before func(b *bubble) // the run
	// doubt is when nothing can prove that the lost job is absent, or which one it is: then the item stays in doubt.
	doubt []airtest.Kind
}

// failing lists fail the first lookups and serve the later ones.
func failing(kind airtest.Kind) func(*bubble) airtest.Config {
	return func(*bubble) airtest.Config {
		var n atomic.Int64
		return airtest.Config{Script: func(r airtest.Request) airtest.Fault {
			if isLookup(r) && n.Add(1) <= 3 {
				return airtest.Fault{Kind: kind}
			}
			return airtest.Fault{}
		}}
	}
}

func edited(edit func(url.Values)) func(*bubble) airtest.Config {
	return func(*bubble) airtest.Config { return airtest.Config{EditQuery: edit} }
}

const hostileItems, lostItem = 120, 110 // more than a page, and lost behind the first

// lostName is the name of the job whose answer is lost.
var lostName = queue.JobName(batch, queue.Item{Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", lostItem-1)})

var hostiles = []hostile{
	{name: "it lags, by less than the settle window", config: func(*bubble) airtest.Config {
		return airtest.Config{Settings: airtest.Settings{ListLag: airtest.Duration(defaultSettle - time.Second)}}
	}},
	{name: "it matches a part of the name, over several pages", config: func(*bubble) airtest.Config {
		return airtest.Config{NameMatch: airtest.NamePartial}
	}, before: func(b *bubble) {
		for i := range 130 { // of another batch, so that the match check lets them be
			b.air.Plant(stranger(batch+"-2", fmt.Sprintf("copy-%d-of-%s", i, lostName), fmt.Sprint("copy-", i)))
		}
	}},
	{name: "its paging fields are others", config: func(*bubble) airtest.Config {
		return airtest.Config{PageFields: airtest.PageFieldsOdd}
	}},
	{name: "it has no paging fields", config: func(*bubble) airtest.Config {
		return airtest.Config{PageFields: airtest.PageFieldsNone}
	}},
	{name: "it ignores the name", config: edited(func(q url.Values) { q.Del("name") })},
	{name: "it ignores every filter", config: edited(func(q url.Values) { q.Del("name"); q.Del("batch") }), before: func(b *bubble) {
		for i := range 90 {
			b.air.Plant(stranger("other", lostName, fmt.Sprint("other-", i)))
		}
	}},
	{name: "it ignores the name and the page's size", config: edited(func(q url.Values) { q.Del("name"); q.Set("pageSize", "25") })},
	{name: "its records come twice", config: func(*bubble) airtest.Config {
		return airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
			var twice []air.Job
			for _, j := range page {
				twice = append(twice, j, j)
			}
			return twice
		}}
	}},
	// What is planted may be the lost item's job under another name, so that its absence is never proved.
	{name: "its pages shift while they are read", doubt: []airtest.Kind{airtest.ResetBefore}, config: func(b *bubble) airtest.Config {
		var n atomic.Int64
		return airtest.Config{
			// Newest first, whatever was asked for, so that each new job moves all the others.
			EditQuery: func(q url.Values) {
				if q.Has("name") {
					q.Del("name")
					q.Set("sortOrder", "Desc")
				}
			},
			OnRequest: func(r airtest.Request) {
				if isLookup(r) && n.Load() < 700 {
					for range 7 {
						i := n.Add(1)
						b.air.Plant(stranger(batch, fmt.Sprint("new-", i), fmt.Sprint("new-", i)))
					}
				}
			},
		}
	}},
	{name: "it makes its pages shorter than asked for", config: func(*bubble) airtest.Config {
		return airtest.Config{NameMatch: airtest.NamePartial, EditQuery: func(q url.Values) { q.Set("pageSize", "25") }}
	}, before: func(b *bubble) {
		for i := range 60 { // so that the lost job is on the third page
			b.air.Plant(stranger(batch+"-2", fmt.Sprintf("copy-%d-of-%s", i, lostName), fmt.Sprint("copy-", i)))
		}
	}},
	{name: "it cuts names", doubt: []airtest.Kind{airtest.ResetAfter}, config: func(*bubble) airtest.Config {
		return airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
			cut := slices.Clone(page)
			for i := range cut {
				cut[i].Name = cut[i].Name[:len(cut[i].Name)-3]
			}
			return cut
		}}
	}},
	{name: "it answers 403", config: failing(airtest.Forbid403)},
	{name: "it answers 429", config: failing(airtest.Cap429)},
	{name: "it answers 500", config: failing(airtest.Err500Before)},
	{name: "it answers HTML", config: failing(airtest.HTML200Before)},
	{name: "it answers an object without records", config: failing(airtest.EmptyJSONBefore)},
	{name: "it answers half a page", config: failing(airtest.HalfBody)},
	{name: "it answers nothing", config: failing(airtest.HangBefore)},
	{name: "it closes the connection", config: failing(airtest.CloseBefore)},
}

func TestHostileListsSettleRightly(t *testing.T) {
	for _, h := range hostiles {
		for _, lost := range []airtest.Kind{airtest.ResetAfter, airtest.ResetBefore} {
			t.Run(h.name+"/"+string(lost), func(t *testing.T) {
				var b bubble
				c := h.config(&b)
				script := c.Script
				c.Script = func(r airtest.Request) airtest.Fault {
					if f := once(lostItem, lost)(r); f.Kind != airtest.None {
						return f
					}
					if script != nil {
						return script(r)
					}
					return airtest.Fault{}
				}
				inBubble(t, hostileItems, c, func(inner *bubble) {
					b.air = inner.air
					if h.before != nil {
						h.before(inner)
					}
					if err := inner.run(50, nil); err != nil {
						inner.t.Fatal(err)
					}
					want := hostileItems
					switch {
					case slices.Contains(h.doubt, lost):
						inner.want(queue.Counts{Submitted: hostileItems - 1, InDoubt: 1})
					case lost == airtest.ResetBefore:
						want++
						fallthrough
					default:
						inner.want(queue.Counts{Submitted: hostileItems})
					}
					if got := inner.air.Posts(); got != want {
						inner.t.Errorf("POSTs: got %d, want %d", got, want)
					}
				})
			})
		}
	}
}

// A list that cannot be read to its end proves nothing: the item stays in doubt, and nothing is sent for it again.
func TestAListWithoutPagingProvesNoAbsence(t *testing.T) {
	for name, size := range map[string]string{"full pages": "100", "pages of its own length": "25"} {
		for _, lost := range []airtest.Kind{airtest.ResetAfter, airtest.ResetBefore} {
			t.Run(name+"/"+string(lost), func(t *testing.T) {
				c := airtest.Config{Script: once(lostItem, lost), EditQuery: func(q url.Values) {
					if q.Has("name") {
						q.Del("name")
						q.Del("pageNumber")
						q.Set("pageSize", size)
					}
				}}
				inBubble(t, hostileItems, c, func(b *bubble) {
					if err := b.run(50, nil); err != nil {
						b.t.Fatal(err)
					}
					b.want(queue.Counts{Submitted: hostileItems - 1, InDoubt: 1})
					if got := b.air.Posts(); got != hostileItems {
						b.t.Errorf("POSTs: got %d, want %d", got, hostileItems)
					}
				})
			})
		}
	}
}

// A list that shows its first page for ever proves presence all the same.
func TestAListWithoutPagingProvesPresence(t *testing.T) {
	c := airtest.Config{Script: once(20, airtest.ResetAfter), EditQuery: func(q url.Values) { q.Del("name"); q.Del("pageNumber") }}
	inBubble(t, hostileItems, c, func(b *bubble) {
		if err := b.run(50, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: hostileItems})
	})
}

// twin gives the object of one key a second job as soon as it has one.
func twin(b *bubble, key string) func(air.Job) {
	return func(j air.Job) {
		if j.Source.ObjectKey == key {
			b.air.Plant(air.NewJob{Name: j.Name, Batch: j.Batch, Services: j.Services, Source: j.Source, Destination: j.Destination})
		}
	}
}

func TestTwoJobsAtTheServerAreNeverSentAgain(t *testing.T) {
	const key = "clip-00002.mov"
	var outer bubble
	c := airtest.Config{Script: once(3, airtest.ResetAfter), OnAccept: func(j air.Job) { twin(&outer, key)(j) }}
	inBubble(t, 10, c, func(b *bubble) {
		b.twins, outer.air = 1, b.air
		for range 2 {
			if err := b.run(50, func(c *Config) { c.Workers = 1 }); err != nil {
				b.t.Fatal(err)
			}
			b.want(queue.Counts{Submitted: 9, InDoubt: 1})
		}
		if got := b.air.Posts(); got != 10 {
			b.t.Errorf("POSTs: got %d, want 10", got)
		}
		e, _, err := b.db.Find(b.t.Context(), batch, queue.Object{Bucket: "archive", Key: key})
		ids := b.air.Duplicates()[airtest.Object{Batch: batch, Bucket: "archive", Key: key}]
		if err != nil || e.Code != joblist.CodeTwoJobs || len(ids) != 2 || !strings.Contains(e.Message, ids[0]) || !strings.Contains(e.Message, ids[1]) {
			b.t.Errorf("got %+v, %v, want both of %v named", e.Record, err, ids)
		}
		// An adoption ends the doubt with the older of the two, and goes on reporting them.
		got := b.audit(true)
		got.want(b.t, joblist.Finding{Kind: joblist.TwoJobs, Bucket: "archive", Key: key, State: queue.Submitted, JobID: ids[0], Listed: ids})
		if got.Adopted != 1 {
			b.t.Errorf("adopted: got %d, want 1", got.Adopted)
		}
		b.want(queue.Counts{Submitted: 10})
	})
}

// If AiR's list lags by more than the settle window, an item whose answer was lost can get a second job. No client could
// know; but it comes to light afterwards.
func TestALagBeyondTheWindowIsDetectedAfterwards(t *testing.T) {
	const lag = 4 * defaultSettle
	c := airtest.Config{Script: once(3, airtest.ResetAfter), Settings: airtest.Settings{ListLag: airtest.Duration(lag)}}
	inBubble(t, 10, c, func(b *bubble) {
		if err := b.run(50, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 10})
		dup := b.air.Duplicates()
		if len(dup) != 1 || b.air.Posts() != 11 {
			b.t.Fatalf("the lag was to lead to one second job: got %v and %d POSTs", dup, b.air.Posts())
		}
		b.twins = 1
		// While it lags the list says less than the queue, which is no agreement either.
		if early := b.audit(false); early.Found() == 0 || early.TwoJobs > 0 {
			b.t.Errorf("an audit within the lag: got %+v, want jobs that are not listed", early.Tally)
		}
		time.Sleep(lag)
		for o, ids := range dup {
			e, _, err := b.db.Find(b.t.Context(), batch, queue.Object{Bucket: o.Bucket, Key: o.Key})
			if err != nil {
				b.t.Fatal(err)
			}
			late := b.audit(false)
			late.want(b.t, joblist.Finding{Kind: joblist.TwoJobs, Bucket: o.Bucket, Key: o.Key, State: queue.Submitted, JobID: e.JobID, Listed: ids})
			if late.Jobs != 11 || late.Agreed != 10 || !late.Complete {
				b.t.Errorf("tally: got %+v, want 11 jobs of which 10 agree", late.Tally)
			}
		}
		b.want(queue.Counts{Submitted: 10})
	})
}

// A refusal of a later page of a list says nothing of the address, whose first page was read: the run goes on, and the
// item stays in doubt.
func TestRefusedLaterPageStopsNoRun(t *testing.T) {
	for _, status := range []int{400, 404, 422} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			lose := once(1, airtest.ResetBefore)
			c := airtest.Config{Script: func(r airtest.Request) airtest.Fault {
				if page := r.Query.Get("pageNumber"); r.Method == "GET" && page != "" && page != "1" {
					return airtest.Fault{Kind: airtest.StatusBefore, Status: status, Code: "NO_SUCH_PAGE", Message: "no such page"}
				}
				return lose(r)
			}}
			inBubble(t, 5, c, func(b *bubble) {
				var log bytes.Buffer
				b.ok(b.run(10, func(c *Config) { c.Workers, c.Log = 1, zerolog.New(zerolog.SyncWriter(&log)) }))
				b.want(queue.Counts{Submitted: 4, InDoubt: 1})
				if text := log.String(); !strings.Contains(text, "page 2 of AiR's list of jobs is refused: ") || strings.Contains(text, "--air-url") {
					b.t.Errorf("the log does not give the reason:\n%s", text)
				}
			})
		})
	}
}
