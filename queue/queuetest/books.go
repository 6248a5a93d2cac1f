package queuetest

import (
	"fmt"
	"time"

	"airlift/queue"
)

var bookTests = []test{
	{"days", days},
	{"the daily limit", dailyLimit},
	{"the monthly limit", monthlyLimit},
	{"gates", gates},
	{"observations", observations},
	{"sums of errors", errorSums},
	{"instants of acceptance", accepted},
	{"settings", settings},
}

func (f *fixture) day(account string, day queue.Day) queue.DayCount {
	f.Helper()
	c, err := f.Day(f.ctx, account, day)
	f.ok(err)
	return c
}

func days(f *fixture) {
	f.add(B, keys(6)...)
	first := f.claim(4)
	f.same("claimed", f.day("default", today), queue.DayCount{Claimed: 4})
	second, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B}, Max: 1, Day: today + 1})
	f.ok(err)
	f.finish(first[:1], queue.Result{To: queue.Submitted})
	f.finish(first[1:2], queue.Result{To: queue.Pending, Refund: true})
	f.finish(first[2:3], queue.Result{To: queue.Failed, Code: "X", Refund: true})
	f.finish(second, queue.Result{To: queue.InDoubt})
	f.reopen()
	f.same("first day", f.day("default", today), queue.DayCount{Claimed: 2, Submitted: 1})
	f.same("second day", f.day("default", today+1), queue.DayCount{Claimed: 1})
	f.same("another account", f.day("other", today), queue.DayCount{})
	list, err := f.InDoubt(f.ctx, B, -1, 9)
	f.ok(err)
	f.finish(list[:1], queue.Result{To: queue.Pending, Refund: true}) // first[3], by the crash
	f.finish(list[1:], queue.Result{To: queue.Submitted})
	f.same("first day after lookups", f.day("default", today), queue.DayCount{Claimed: 1, Submitted: 1})
	f.same("second day after lookups", f.day("default", today+1), queue.DayCount{Claimed: 1, Submitted: 1})
}

// monthlyLimit counts the claims of a calendar month, up to the day of the claim, over restarts.
func monthlyLimit(f *fixture) {
	f.add(B, keys(20)...)
	first := today.MonthStart()
	f.same("the month begins", first.Start().Format(time.DateOnly), "2024-10-01")
	claim := func(day queue.Day, want int) []queue.Claimed {
		f.Helper()
		list, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B}, Max: 4, Day: day, MonthlyLimit: 5, DailyLimit: 4})
		if want == 0 {
			f.is(err, queue.ErrMonthlyLimit)
			return nil
		}
		f.ok(err)
		f.same("claimed", len(list), want)
		return list
	}
	claim(first-1, 4) // in September
	claim(first, 4)
	rest := claim(first+30, 1)
	claim(first+30, 0)
	f.reopen()
	claim(first+15, 1) // days after a claim's do not count: a clock was set
	claim(first+30, 0)
	claim(first+31, 4) // in November
	list, err := f.InDoubt(f.ctx, B, int64(rest[0].Seq)-1, 1)
	f.ok(err)
	f.finish(list, queue.Result{To: queue.Pending, Refund: true})
	claim(first+30, 0) // there were six
}

func dailyLimit(f *fixture) {
	f.add(B, keys(10)...)
	req := queue.ClaimRequest{Batches: []string{B}, Max: 3, Day: today, DailyLimit: 5}
	claim := func(want int) []queue.Claimed {
		f.Helper()
		list, err := f.Claim(f.ctx, req)
		f.ok(err)
		f.same("claimed", len(list), want)
		return list
	}
	claim(3)
	list := claim(2)
	_, err := f.Claim(f.ctx, req)
	f.is(err, queue.ErrDailyLimit)
	f.reopen()
	_, err = f.Claim(f.ctx, req)
	f.is(err, queue.ErrDailyLimit)
	f.finish(list[:1], queue.Result{To: queue.Pending, Refund: true})
	claim(1)
	req.Day++
	claim(3)
	req.DailyLimit = 0
	req.Max = 99
	claim(2)
	req.DailyLimit, req.Max = 1, 1
	list, err = f.Claim(f.ctx, req)
	if len(list) != 0 || err != nil {
		f.Errorf("limit reached and nothing pending: got %d items, %v, want none", len(list), err)
	}
}

func gates(f *fixture) {
	g, err := f.Gate(f.ctx, "default")
	f.ok(err)
	f.same("no gate", g, queue.Gate{})
	want := queue.Gate{PausedUntil: noon, Stopped: true, Reason: "403: quota", Since: noon.Add(-time.Hour)}
	f.ok(f.SetGate(f.ctx, "default", want))
	f.reopen()
	g, err = f.Gate(f.ctx, "default")
	f.ok(err)
	f.same("gate", g, want)
	g, err = f.Gate(f.ctx, "other")
	f.ok(err)
	f.same("gate of another", g, queue.Gate{})
	f.ok(f.SetGate(f.ctx, "default", queue.Gate{}))
	g, err = f.Gate(f.ctx, "default")
	f.ok(err)
	f.same("gate opened", g, queue.Gate{})
	knows := queue.Server{Address: "https://air.example", Clock: queue.ClockOffset{Offset: time.Hour, Since: noon}}
	f.ok(f.SetServer(f.ctx, "default", knows))
	f.reopen()
	server, err := f.Server(f.ctx, "default")
	f.ok(err)
	f.same("what is known of a server", server, knows)
	server, err = f.Server(f.ctx, "other")
	f.ok(err)
	f.same("the server of another", server, queue.Server{})
	g, err = f.Gate(f.ctx, "default")
	f.ok(err)
	f.same("the gate is another thing", g, queue.Gate{})
}

// observations are kept with the day of the server on which they were made, beside its counts.
func observations(f *fixture) {
	begin := today.Start()
	see := func(kind queue.ObservationKind, at, from time.Duration, jobs int64) {
		f.Helper()
		f.ok(f.Observe(f.ctx, "default", queue.Observation{Kind: kind, At: begin.Add(at), From: begin.Add(from), Jobs: jobs}))
	}
	submit := func(key string) {
		f.Helper()
		f.add(B, key)
		list, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B}, Max: 1, Day: today})
		f.ok(err)
		f.finish(list, queue.Result{To: queue.Submitted})
	}
	see(queue.SeenQuarter, 40*time.Minute, 0, 0)
	submit("a")
	submit("b")
	see(queue.SeenQuarter, 50*time.Minute, 0, 0)
	submit("c")
	see(queue.SeenCap, 55*time.Minute, 0, 0)
	see(queue.SeenOthers, 55*time.Minute, 0, 7)
	see(queue.SeenReset, 24*time.Hour, 23*time.Hour, 2)
	see(queue.SeenQuota, 56*time.Minute, 0, 0)
	see(queue.SeenQuota, 57*time.Minute, 0, 0) // the first one counts
	f.reopen()
	day := f.day("default", today)
	quarters := day.ByQuarter()
	f.same("jobs of a quarter of an hour", []int64{quarters[2], quarters[3]}, []int64{2, 1})
	want := queue.DayCount{Claimed: 3, Submitted: 3, Capped: true, CappedAt: begin.Add(55 * time.Minute), QuotaAt: begin.Add(56 * time.Minute), CappedClaims: 3, QuotaClaims: 3,
		Others: queue.OthersSeen{From: begin, Until: begin.Add(55 * time.Minute), Jobs: 7}, Quarter: 3, Closed: day.Closed}
	f.same("the same with jobs", day, want)
	see(queue.SeenReset, 26*time.Hour, 25*time.Hour, 1)
	see(queue.SeenReset, 28*time.Hour, 27*time.Hour, 1)
	next := queue.DayCount{Resets: [2]queue.Resumption{
		{Refused: begin.Add(25 * time.Hour), Resumed: begin.Add(26 * time.Hour), Refusals: 1},
		{Refused: begin.Add(27 * time.Hour), Resumed: begin.Add(28 * time.Hour), Refusals: 1},
	}}
	days, err := f.Days(f.ctx, "default", today-1, today+1)
	f.ok(err)
	f.same("all days", days, []queue.DayCount{{}, want, next})
	days, err = f.Days(f.ctx, "other", today, today)
	f.ok(err)
	f.same("the days of another", days, []queue.DayCount{{}})
	if _, err := f.Days(f.ctx, "default", 0, queue.MaxDays); err == nil {
		f.Error("too many days: got no error")
	}
}

func (f *fixture) errorSums() []queue.ErrorCount {
	f.Helper()
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	return b.Errors
}

func errorSums(f *fixture) {
	f.add(B, keys(40)...)
	got := f.claim(40)
	f.finish(got[:2], queue.Result{To: queue.Failed, Code: "A", Message: "first"})
	f.finish(got[2:3], queue.Result{To: queue.Failed, Message: "no code"})
	f.reopen()
	f.same("sums", f.errorSums(), []queue.ErrorCount{
		{Code: "A", Message: "first", Count: 2, ExampleKey: got[0].Key}, {Message: "no code", Count: 1, ExampleKey: got[2].Key},
	})
	list, err := f.InDoubt(f.ctx, B, -1, 99)
	f.ok(err)
	for i, c := range list {
		f.finish([]queue.Claimed{c}, queue.Result{To: queue.Failed, Code: fmt.Sprint("C", i)})
	}
	sums := f.errorSums()
	if len(sums) > queue.MaxErrorGroups {
		f.Errorf("groups: got %d, want at most %d", len(sums), queue.MaxErrorGroups)
	}
	total := int64(0)
	for _, e := range sums {
		total += e.Count
	}
	f.same("sum of the sums", total, 40)
	f.same("the last group", sums[len(sums)-1].Code, queue.OtherErrors)
	n, err := f.Retry(f.ctx, B, queue.Failed, queue.Filter{Code: "A"})
	f.ok(err)
	f.same("retried", n, 2)
	n, err = f.Cancel(f.ctx, B, queue.Filter{State: queue.Failed, Code: "C36"})
	f.ok(err)
	f.same("cancelled", n, 1)
	f.sound()
	n, err = f.Retry(f.ctx, B, queue.Failed, queue.Filter{})
	f.ok(err)
	f.same("retried", n, 37)
	f.same("sums when nothing is failed", len(f.errorSums()), 0)
}

func accepted(f *fixture) {
	f.add(B, keys(500)...)
	for i, c := range f.claim(500) {
		at := noon.Add(time.Duration(i) * 5 * time.Second)
		f.ok(f.store([]queue.Result{{Batch: B, Seq: c.Seq, To: queue.Submitted, JobID: jobID(c.Seq), At: at}}))
	}
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	if n := len(b.Accepted); n < 5 || n > 100 {
		f.Fatalf("instants: got %d, want some", n)
	}
	for i, at := range b.Accepted[1:] {
		if at.Sub(b.Accepted[i]) < 10*time.Second {
			f.Errorf("instants %v and %v are not apart", b.Accepted[i], at)
		}
	}
	f.same("the first", b.Accepted[0], noon)
	if last := b.Accepted[len(b.Accepted)-1]; noon.Add(500*5*time.Second).Sub(last) > time.Minute {
		f.Errorf("the last instant is %v, want a late one", last)
	}
}

func settings(f *fixture) {
	created := noon.Add(-time.Hour)
	want := queue.Settings{
		JobFields: queue.JobFields{Services: []byte(`{"ocr":{}}`), Priority: 4, DestinationBucket: "d", DestinationRegion: "r"},
		Rules:     []queue.Rule{{Types: []string{".wav"}, Match: []string{"a/**"}, Fields: queue.JobFields{Priority: 2}}},
		Name:      "{stem}",
	}
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "second ☃", Account: "acc", Settings: want, Created: created}))
	f.reopen()
	b, err := f.Batch(f.ctx, "second ☃")
	f.ok(err)
	f.same("batch", b, queue.Batch{ID: "second ☃", Account: "acc", Settings: want, Created: created})
	want.Priority, want.Services, want.Rules, want.Name = 0, nil, nil, "{base}"
	f.ok(f.SetSettings(f.ctx, "second ☃", want))
	b.Errors = append(b.Errors, queue.ErrorCount{}) // a copy: it must not touch the queue's
	f.reopen()
	b, err = f.Batch(f.ctx, "second ☃")
	f.ok(err)
	f.same("settings", b.Settings, want)
	f.add(b.ID, "a")
	_, err = f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{b.ID}, Max: 1, Day: today})
	f.ok(err)
	f.is(f.SetSettings(f.ctx, b.ID, queue.Settings{Name: "{stem}"}), queue.ErrNameFixed)
	want.Priority = 7
	f.ok(f.SetSettings(f.ctx, b.ID, want))
	b, err = f.Batch(f.ctx, b.ID)
	f.ok(err)
	f.same("settings of a batch that was sent", b.Settings, want)
	all, err := f.Batches(f.ctx)
	f.ok(err)
	if len(all) != 2 || all[0].ID != B || all[1].ID != "second ☃" {
		f.Errorf("batches: got %+v, want the older first", all)
	}
}
