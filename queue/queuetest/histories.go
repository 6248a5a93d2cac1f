package queuetest

import (
	"fmt"
	"strings"
	"time"

	"airlift/queue"
)

var historyTests = []test{
	{"history of a first success", historyPlain},
	{"history of trouble", historyOfTrouble},
	{"history of changes", historyOfChanges},
	{"history of adopted jobs", historyAdopted},
	{"history of very many attempts", historyLong},
	{"history of no item", historyOfNone},
}

// history returns what happened to an item, one line an event. The times are checked, and are not in the lines: those of results are
// noon, the others are of this test.
func (f *fixture) history(seq uint64) string {
	f.Helper()
	list, err := f.History(f.ctx, B, seq)
	f.ok(err)
	var lines []string
	for _, e := range list {
		result := e.Kind == queue.Attempted || e.Kind == queue.LookedUp || e.Kind == queue.Found
		if ago := time.Since(e.At); result && !e.At.Equal(noon) || !result && (ago < -time.Minute || ago > time.Hour) {
			f.Errorf("item %d: %s at %v", seq, e.Kind, e.At)
		}
		line := fmt.Sprintf("%s -> %s", e.Kind, e.State)
		for _, part := range []struct {
			name  string
			value any
			some  bool
		}{
			{"omitted", e.Omitted, e.Omitted != 0}, {"attempt", e.Attempt, e.Attempt != 0}, {"HTTP", e.HTTPStatus, e.HTTPStatus != 0},
			{"code", e.Code, e.Code != ""}, {"message", e.Message, e.Message != ""}, {"took", e.Duration, e.Duration != 0},
			{"by", e.By, e.By != ""}, {"job", e.JobID, e.JobID != ""},
		} {
			if part.some {
				line += fmt.Sprintf(", %s %v", part.name, part.value)
			}
		}
		lines = append(lines, line)
	}
	return "\n" + strings.Join(lines, "\n")
}

// wantHistory compares what happened to an item, also for the next process.
func (f *fixture) wantHistory(seq uint64, want ...string) {
	f.Helper()
	all := "\n" + strings.Join(want, "\n")
	f.same(fmt.Sprint("history of item ", seq), f.history(seq), all)
	f.sound()
	if f.counts().Sending == 0 { // else opening it again is an event
		f.reopen()
		f.same(fmt.Sprint("history of item ", seq, ", opened again"), f.history(seq), all)
	}
}

const byFirst = "enqueued -> pending, by reading 1"

func historyPlain(f *fixture) {
	f.read("sent", "refused", "waits")
	got := f.claim(2)
	f.wantHistory(0, byFirst)
	f.finish(got[:1], queue.Result{To: queue.Submitted, HTTPStatus: 201, Attempted: true, Duration: 1500*time.Millisecond + time.Microsecond})
	f.finish(got[1:], queue.Result{To: queue.Failed, HTTPStatus: 400, Code: "BAD", Message: "no", Attempted: true, Duration: time.Nanosecond})
	f.wantHistory(0, byFirst, "attempt -> submitted, attempt 1, HTTP 201, took 1.501s, job "+jobID(0))
	f.wantHistory(1, byFirst, "attempt -> failed, attempt 1, HTTP 400, code BAD, message no, took 1ms")
	f.wantHistory(2, byFirst)
}

// historyOfTrouble takes an item through everything that can happen to it in runs.
func historyOfTrouble(f *fixture) {
	f.read("a")
	want := []string{byFirst}
	step := func(res queue.Result, line string) {
		f.Helper()
		var got []queue.Claimed
		if f.counts().InDoubt > 0 {
			got = f.inDoubt(B)
		} else {
			got = f.claim(1)
		}
		f.finish(got, res)
		if line != "" {
			want = append(want, line)
		}
		f.wantHistory(0, want...)
	}
	step(queue.Result{To: queue.Pending}, "") // nothing was sent
	step(queue.Result{To: queue.Pending, HTTPStatus: 429, Code: "SLOW", Message: strings.Repeat("é", 150), Duration: time.Second, Refund: true},
		"attempt -> pending, HTTP 429, code SLOW, message "+strings.Repeat("é", 100)+", took 1s")
	step(queue.Result{To: queue.InDoubt, HTTPStatus: 502, Attempted: true, Duration: 30 * time.Second}, "attempt -> in_doubt, attempt 1, HTTP 502, took 30s")
	step(queue.Result{To: queue.Pending, Refund: true, Lookup: true}, "lookup -> pending")
	step(queue.Result{To: queue.Failed, HTTPStatus: 400, Code: "BAD", Attempted: true}, "attempt -> failed, attempt 2, HTTP 400, code BAD")
	n, err := f.Retry(f.ctx, B, queue.Failed, queue.Filter{})
	f.ok(err)
	f.same("retried", n, 1)
	want = append(want, "retried -> pending, by hand")
	f.wantHistory(0, want...)
	f.claim(1)
	f.reopen() // as if that process had been killed
	want = append(want, "interrupted -> in_doubt")
	f.wantHistory(0, want...)
	step(queue.Result{To: queue.InDoubt, Code: "SEVERAL", Message: "two jobs", Lookup: true}, "lookup -> in_doubt, code SEVERAL, message two jobs")
	step(queue.Result{To: queue.Pending, Refund: true, Lookup: true}, "lookup -> pending")
	step(queue.Result{To: queue.Submitted, Lookup: true}, "lookup -> submitted, job "+jobID(0))
}

func historyOfChanges(f *fixture) {
	f.read("a", "b")
	all := queue.Filter{}
	_, err := f.Cancel(f.ctx, B, all)
	f.ok(err)
	_, err = f.Retry(f.ctx, B, queue.Cancelled, all)
	f.ok(err)
	_, err = f.Change(f.ctx, B, queue.Change{Do: queue.DoWithdraw, By: "dashboard"})
	f.ok(err)
	f.read("b")
	want := []string{byFirst, "cancelled -> cancelled, by hand", "retried -> pending, by hand", "withdrawn -> cancelled, by dashboard"}
	f.wantHistory(0, want...)
	f.wantHistory(1, append(want, "restored -> pending, by reading 2")...)
	f.finish(f.claim(1), queue.Result{To: queue.InDoubt, Attempted: true})
	f.read("c")
	_, err = f.Replace(f.ctx, B)
	f.ok(err)
	f.finish(f.inDoubt(B), queue.Result{To: queue.Pending, Refund: true, Lookup: true})
	f.wantHistory(1, append(want, "restored -> pending, by reading 2", "attempt -> in_doubt, attempt 1", "withdrawn -> in_doubt, by replace", "lookup -> cancelled")...)
	f.wantHistory(2, "enqueued -> pending, by reading 3")
}

func historyAdopted(f *fixture) {
	f.read("never sent", "in doubt", "sent")
	got := f.claim(3)
	f.finish(got[:1], queue.Result{To: queue.Pending, Refund: true})
	f.finish(got[1:2], queue.Result{To: queue.InDoubt, HTTPStatus: 500, Attempted: true})
	f.finish(got[2:], queue.Result{To: queue.Submitted, HTTPStatus: 200, Attempted: true})
	f.adopt(1, 0)
	f.wantHistory(0, byFirst, "adopted -> submitted, job adopted-"+jobID(0))
	// The list shows the job of the third item for the second one.
	n, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 1, JobID: jobID(2), At: noon, Day: today}, {Unsourced: &queue.Item{Bucket: "src", Key: "other"}, JobID: "x", At: noon, Day: today}})
	f.ok(err)
	f.same("adopted", n, 2)
	f.wantHistory(1, byFirst, "attempt -> in_doubt, attempt 1, HTTP 500", "adopted -> submitted, job "+jobID(2))
	f.wantHistory(2, byFirst, "attempt -> submitted, attempt 1, HTTP 200", "contested -> in_doubt, code "+queue.CodeSameID+", message "+f.entry("sent").Message)
	f.wantHistory(3, "adopted -> submitted, job x")
}

// historyLong has more attempts than are kept: the first and the last ones are shown, and how many are between.
func historyLong(f *fixture) {
	f.read("a")
	const n = 100
	for i := range n {
		f.finish(f.claim(1), queue.Result{To: queue.Pending, HTTPStatus: 429, Code: fmt.Sprint(i), Attempted: true})
	}
	list, err := f.History(f.ctx, B, 0)
	f.ok(err)
	omitted, next := 0, 0
	for _, e := range list[1:] {
		omitted += e.Omitted
		next += e.Omitted
		f.same("event", []any{e.Code, e.Attempt}, []any{fmt.Sprint(next), next + 1})
		next++
	}
	f.same("events", []int{next, len(list) - 1 + omitted, list[9].Omitted}, []int{n, n, omitted})
	if len(list) > 40 || len(list) < 20 || omitted == 0 {
		f.Errorf("got %d events and %d left out of %d", len(list), omitted, n)
	}
}

func historyOfNone(f *fixture) {
	f.add(B, "a")
	if list, err := f.History(f.ctx, B, 1); err == nil {
		f.Errorf("history of an item that is not there: got %v", list)
	}
	_, err := f.History(f.ctx, "none", 0)
	f.is(err, queue.ErrBatchNotFound)
}
