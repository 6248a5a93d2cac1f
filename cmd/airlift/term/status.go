package term

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"airlift/queue"
	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/service"
)

// MaxRejected is how many rejected rows are listed.
const MaxRejected = 20

// Status writes how a batch stands, and at most [MaxRejected] of its rejected rows. The remark stands below the batch.
func Status(w io.Writer, s *service.Status, rejected []queue.Rejected, remark string) error {
	var b lines
	b.add("batch", "%s", s.Batch)
	whole := "queue"
	if s.Account != queue.DefaultAccount && s.Account != "" {
		whole = "account"
		b.add("account", "%s", s.Account)
	}
	if remark != "" {
		b.add("", "%s", remark)
	}
	b.state(s)
	if s.Canary != nil && s.Canary.Text != s.Reason {
		b.add("canary", "%s", strings.TrimPrefix(s.Canary.Text, "canary sample: "))
	}
	b.reading(s)
	b.items(s)
	b.firstJobs(s.FirstJobs)
	b.add("today", "%s submitted by all batches of this %s", Number(s.SubmittedToday), whole)
	if m := s.Month; m != nil {
		b.add("month", "%s", monthText(m))
	}
	b.forecast(s)
	b.learned(s)
	for _, e := range s.Errors {
		b.add("failed", "%s x %s: %s (for example %q)", Number(e.Count), cmp.Or(e.Code, "no code"), e.Message, e.ExampleKey)
	}
	for i := range rejected {
		b.add("rejected", "%s", Rejected(&rejected[i]))
	}
	if more := s.Rejected - int64(len(rejected)); len(rejected) == MaxRejected && more > 0 {
		b.add("", "and %s more: `airlift report` lists them all", Number(more))
	}
	b.audit(s.Audit)
	return b.writeTo(w)
}

// learned says what was learned of AiR's limits.
func (b *lines) learned(s *service.Status) {
	label := "AiR"
	for _, text := range s.Learned.Lines() {
		b.add(label, "%s", text)
		label = ""
	}
}

// state says what the batch does.
func (b *lines) state(s *service.Status) {
	state := s.State
	if s.Since != nil {
		state += " since " + s.Since.Format(time.RFC3339)
	}
	if s.Reason != "" {
		state += ": " + s.Reason
	}
	b.add("state", "%s", state)
	if s.PausedUntil != nil {
		b.add("", "until %s (%s)", s.PausedUntil.Format(time.RFC3339), humanize.Time(*s.PausedUntil))
	}
}

// reading says what became of the rows of the latest reading.
func (b *lines) reading(s *service.Status) {
	b.add("rows", "%s = %s added + %s known + %s duplicates + %s rejected + %s skipped",
		Number(s.Rows), Number(s.Added), Number(s.Known), Number(s.Duplicates), Number(s.Rejected), Number(s.Skipped))
	if s.Incomplete {
		b.add("", "the latest reading is incomplete: run the same command again")
	}
	for _, why := range slices.Sorted(maps.Keys(s.SkippedBy)) {
		b.add("", "%s skipped: %s", Number(s.SkippedBy[why]), why)
	}
	b.some("", s.Restored, "of the known had been withdrawn, and are pending again")
	b.some("replaced", s.Replaced, "items of earlier readings that this one does not have: cancelled (those in doubt once AiR has no job for them)")
	if s.Replaced > 0 && s.Skipped > 0 {
		b.add("", "rows that were skipped, also by a filter, count as missing from the sources")
	}
	b.some("accepted", s.AcceptedEarlier, "items of earlier readings that this one does not have: AiR took them before, and their jobs cannot be taken back")
	for _, text := range s.Unmatched {
		b.add("", "%s", text)
	}
}

// some adds a line with a number, unless that is 0.
func (b *lines) some(label string, n int64, what string) {
	if n > 0 {
		b.add(label, "%s %s", Number(n), what)
	}
}

// items counts the items by state.
func (b *lines) items(s *service.Status) {
	b.add("items", "%s = %s submitted + %s pending + %s sending + %s in doubt + %s failed + %s cancelled", Number(s.Items),
		Number(s.Submitted), Number(s.Pending), Number(s.Sending), Number(s.InDoubt), Number(s.Failed), Number(s.Cancelled))
	b.some("", s.Versions, "of them for objects that changed after they were sent")
	b.some("", s.Unsourced, "of them adopted for objects that no source showed: they have no row")
	if s.Adopting {
		b.add("", "an adoption was begun and has not ended well: nothing is sent until `airlift adopt` does, or with --trust-queue")
	}
	if s.Unproven {
		b.add("", "AiR's list did not prove to the latest adoption that there are no other jobs: until one is proven, each item is looked up by name before it is first sent")
	}
}

// firstJobs writes the first jobs as they would be sent.
func (b *lines) firstJobs(first []queue.Preview) {
	label := "first jobs"
	for _, p := range first {
		b.add(label, "s3://%s/%s with %s", p.Bucket, p.Key, string(p.Services))
		label = ""
	}
}

// noForecast says why there is none while a stop is in force.
const noForecast = "nothing is forecast while stopped: the next run begins with a single request, and goes on if AiR takes it"

// forecast says when the batch will be done, and what that assumes.
func (b *lines) forecast(s *service.Status) {
	if s.Limit != "" && s.Left() > 0 {
		b.add("rate", "%s", s.Limit)
	} else if s.Rate > 0 {
		b.add("rate", "%.3g a second", s.Rate)
	}
	if s.Hours != nil {
		b.add("hours", "%s", s.Hours.Text)
	}
	if s.ETA == nil {
		if s.State == string(worker.Stopped) && s.Left() > 0 {
			b.add("done by", noForecast)
		} else if s.ByHand && s.PausedUntil == nil && s.Left() > 0 {
			b.add("done by", "nothing is forecast before `airlift resume`")
		}
		return
	}
	b.add("done by", "%s (%s)", s.ETA.Format(time.RFC3339), humanize.Time(*s.ETA))
	b.forecastRange(s.ETARange, time.Now())
	if s.AssumedRate != nil {
		assumed := ""
		if s.State == string(worker.Idle) {
			assumed = "if it is worked from now on, "
		}
		table, windows := "", []string(nil)
		if s.Hours != nil {
			table, windows = s.Hours.RateTable, s.Hours.Windows
		}
		b.add("", "%s%s", assumed, pace(*s.AssumedRate, table, windows, s.PerDay, s.PerDayFrom))
	} else if s.PerDay != nil {
		b.add("", "at %s", perDay(*s.PerDay, s.PerDayFrom))
	}
}

// pace says what a forecast assumes.
func pace(rate float64, table string, windows []string, most *int64, from string) string {
	text := "at an unlimited rate"
	if table != "" {
		text = "at the rates of the table " + table
	} else if rate < service.UnlimitedRate {
		text = fmt.Sprintf("at %s requests a second (--rate)", humanize.Ftoa(math.Round(rate*1000)/1000))
	}
	if len(windows) > 0 {
		text += " within --window " + strings.Join(windows, ", ")
	}
	if most == nil {
		return text + "; AiR's daily cap is not known yet"
	}
	return text + " and " + perDay(*most, from)
}

func perDay(most int64, from string) string {
	if from == plan.OwnLimit {
		return Number(most) + " jobs a day (--daily-limit)"
	}
	return Number(most) + " jobs a day (AiR's cap, as learned)"
}

// Rejected says in one line why a row was rejected.
func Rejected(r *queue.Rejected) string {
	what := ""
	if r.Key != "" {
		what = fmt.Sprintf(" %q", Cut(r.Key, 100))
	}
	return Sprintf("line %d%s: %s", r.Line, what, r.Reason)
}
