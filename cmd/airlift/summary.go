package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"time"

	"github.com/dustin/go-humanize"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	queueplan "airlift/queue/plan"
	"airlift/worker"
)

// listRejected is how many rejected rows the summary lists.
const listRejected = 20

var errListed = errors.New("enough are listed")

// summary is how a batch stands: the object of --json, of `status --json`, and of the status file.
type summary struct {
	Batch          string `json:"batch"`
	Rows           int64  `json:"rows"`
	Added          int64  `json:"added"`
	Known          int64  `json:"known"`
	Duplicates     int64  `json:"duplicates"`
	Rejected       int64  `json:"rejected"`
	Skipped        int64  `json:"skipped"`
	Items          int64  `json:"items"`
	Pending        int64  `json:"pending"`
	Sending        int64  `json:"sending"`
	InDoubt        int64  `json:"in_doubt"`
	Submitted      int64  `json:"submitted"`
	Failed         int64  `json:"failed"`
	Cancelled      int64  `json:"cancelled"`
	SubmittedToday int64  `json:"submitted_today"`
	State          string `json:"state"`
	Reason         string `json:"reason"`
	// Since is when a stop that is in force began.
	Since       *time.Time         `json:"since,omitempty"`
	PausedUntil *time.Time         `json:"paused_until"`
	Rate        float64            `json:"rate"`
	ETA         *time.Time         `json:"eta"`
	Errors      []queue.ErrorCount `json:"errors"`
	// PerDay is the most jobs a UTC day that ETA reckons with; PerDayFrom says who says so, as in package plan.
	PerDay     *int64 `json:"per_day,omitempty"`
	PerDayFrom string `json:"per_day_from,omitempty"`
	// SkippedBy breaks Skipped down by reason.
	SkippedBy map[string]int64 `json:"skipped_by"`
	// Unmatched tells which patterns of the filters no key matched; only the command that has read the sources knows it.
	Unmatched []string `json:"unmatched,omitempty"`
	// Versions are those of the items that are further ones of objects which changed.
	Versions int64 `json:"versions,omitempty"`
	// Restored counts those of Known that had been withdrawn and are pending again; Replaced the items of earlier readings
	// that --replace has withdrawn.
	Restored int64 `json:"restored,omitempty"`
	Replaced int64 `json:"replaced,omitempty"`
	// AcceptedEarlier counts the items of earlier readings that --replace had to leave as they are, for AiR has accepted
	// them; only the command that has read the sources knows it.
	AcceptedEarlier int64 `json:"accepted_earlier,omitempty"`
	// Unsourced are those of the items that adopt made for jobs of objects that no source showed.
	Unsourced int64 `json:"unsourced,omitempty"`
	// Adopting says that an adoption was begun and has not ended well.
	Adopting bool `json:"adopting,omitempty"`
	// Unproven says that the latest adoption did not prove that AiR has no other jobs of the batch.
	Unproven bool `json:"unproven,omitempty"`
	// FirstJobs are the first that a run would send, as it would send them; of a dry run alone.
	FirstJobs []queue.Preview `json:"first_jobs,omitempty"`
	// Audit is set by adopt and by reconcile --verify alone.
	Audit *audit `json:"audit,omitempty"`
	// Incomplete says that the latest reading did not come to its end, or has not yet.
	Incomplete bool `json:"incomplete"`

	rejected []queue.Rejected
	// pace says what ETA is reckoned from while no run shows its rate.
	pace string
}

// summarize reads how a batch stands from the queue, as if no run were going on. today is the day to count.
func (a *app) summarize(ctx context.Context, db store, id string, today queue.Day) (summary, error) {
	b, err := db.Batch(ctx, id)
	if err != nil {
		return summary{}, err
	}
	g, err := db.Gate(ctx, b.Account)
	if err != nil {
		return summary{}, err
	}
	day, err := db.Day(ctx, b.Account, today)
	if err != nil {
		return summary{}, err
	}
	s := summary{
		Batch: b.ID, Rows: b.Reading.Rows, Added: b.Reading.Added, Known: b.Reading.Known, Duplicates: b.Reading.Duplicates,
		Rejected: b.Reading.Rejected, Skipped: b.Reading.Skipped, Items: b.Counts.Items, Pending: b.Counts.Pending,
		Sending: b.Counts.Sending, InDoubt: b.Counts.InDoubt, Submitted: b.Counts.Submitted, Failed: b.Counts.Failed,
		Cancelled: b.Counts.Cancelled, SubmittedToday: day.Submitted, State: string(worker.Idle), Errors: b.Errors, Versions: b.Versions,
		Unsourced: b.Unsourced, Adopting: b.Adopting, Unproven: b.Unproven,
		SkippedBy: orEmpty(b.Reading.SkippedBy), Incomplete: !b.Reading.Started.IsZero() && !b.Reading.Complete,
		Restored: b.Reading.Restored, Replaced: b.Reading.Withdrawn,
	}
	if s.Errors == nil {
		s.Errors = []queue.ErrorCount{}
	}
	inForce := queueplan.InForce(g, time.Now())
	state, until := gateState(inForce)
	s.State, s.Reason, s.PausedUntil = string(state), inForce.Reason, until
	if state == worker.Stopped && !inForce.Since.IsZero() {
		since := inForce.Since.UTC()
		s.Since = &since
	}
	return s, nil
}

// ourToday is today by our own clock, for where nobody has heard AiR's.
func ourToday() queue.Day { return queue.DayOf(time.Now()) }

// underway adds what only the running pool knows.
func (s *summary) underway(p worker.Snapshot) {
	s.State, s.Reason, s.Rate = string(p.Activity), p.Reason, p.Rate
	s.PausedUntil, s.Since = nil, nil
	if p.Activity == worker.Paused {
		until := p.PausedUntil.UTC()
		s.PausedUntil = &until
	}
}

func (s summary) left() int64 { return s.Pending + s.Sending + s.InDoubt }

// addStates takes over the states of the items that the queue has already.
func (s *summary) addStates(have summary) {
	s.Pending -= have.Items - have.Pending
	s.Unsourced, s.Adopting, s.Unproven, s.SubmittedToday = have.Unsourced, have.Adopting, have.Unproven, have.SubmittedToday
	s.Sending, s.InDoubt, s.Submitted, s.Failed, s.Cancelled = have.Sending, have.InDoubt, have.Submitted, have.Failed, have.Cancelled
}

// moveWithdrawn moves the items that --replace would cancel from pending and failed to cancelled.
func (s *summary) moveWithdrawn(c queue.Counts) {
	s.Pending, s.Failed, s.Cancelled = s.Pending-c.Pending, s.Failed-c.Failed, s.Cancelled+c.Pending+c.Failed
}

// printSummaries ends a command that worked on some batches.
func (a *app) printSummaries(ctx context.Context, db store, all []summary, asJSON bool) error {
	if asJSON {
		return writeJSON(a.out, all)
	}
	for _, s := range all {
		err := db.Rejected(ctx, s.Batch, func(r queue.Rejected) error {
			if len(s.rejected) == listRejected {
				return errListed
			}
			s.rejected = append(s.rejected, r)
			return nil
		})
		if err != nil && !errors.Is(err, errListed) {
			return err
		}
		if err := a.printSummary(s, false, ""); err != nil {
			return err
		}
	}
	return nil
}

// writeJSON writes one summary as an object, several as an array.
func writeJSON(w io.Writer, all []summary) error {
	var v any = all
	if len(all) == 1 {
		v = all[0]
	} else if all == nil {
		v = []summary{}
	}
	return encodeJSON(w, v)
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(term.NewJSONWriter(w))
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printSummary writes a summary for people.
func (a *app) printSummary(s summary, asJSON bool, remark string) error {
	if asJSON {
		return encodeJSON(a.out, s)
	}
	var b term.Lines
	b.Printf("batch      %s\n", s.Batch)
	if remark != "" {
		b.Printf("           %s\n", remark)
	}
	state := s.State
	if s.Since != nil {
		state += " since " + s.Since.Format(time.RFC3339)
	}
	if s.Reason != "" {
		state += ": " + s.Reason
	}
	b.Printf("state      %s\n", state)
	if s.PausedUntil != nil {
		b.Printf("           until %s (%s)\n", s.PausedUntil.Format(time.RFC3339), humanize.Time(*s.PausedUntil))
	}
	b.Printf("rows       %s = %s added + %s known + %s duplicates + %s rejected + %s skipped\n", n(s.Rows), n(s.Added), n(s.Known), n(s.Duplicates), n(s.Rejected), n(s.Skipped))
	if s.Incomplete {
		b.WriteString("           the latest reading is incomplete: run the same command again\n")
	}
	for _, why := range sortedKeys(s.SkippedBy) {
		b.Printf("           %s skipped: %s\n", n(s.SkippedBy[why]), why)
	}
	if s.Restored > 0 {
		b.Printf("           %s of the known had been withdrawn, and are pending again\n", n(s.Restored))
	}
	if s.Replaced > 0 {
		b.Printf("replaced   %s items of earlier readings that this one does not have: cancelled (those in doubt once AiR has no job for them)\n", n(s.Replaced))
		if s.Skipped > 0 {
			b.WriteString("           rows that were skipped, also by a filter, count as missing from the sources\n")
		}
	}
	if s.AcceptedEarlier > 0 {
		b.Printf("accepted   %s items of earlier readings that this one does not have: AiR took them before, and their jobs cannot be taken back\n", n(s.AcceptedEarlier))
	}
	for _, text := range s.Unmatched {
		b.Printf("           %s\n", text)
	}
	b.Printf("items      %s = %s submitted + %s pending + %s sending + %s in doubt + %s failed + %s cancelled\n", n(s.Items), n(s.Submitted), n(s.Pending), n(s.Sending), n(s.InDoubt), n(s.Failed), n(s.Cancelled))
	if s.Versions > 0 {
		b.Printf("           %s of them for objects that changed after they were sent\n", n(s.Versions))
	}
	if s.Unsourced > 0 {
		b.Printf("           %s of them adopted for objects that no source showed: they have no row\n", n(s.Unsourced))
	}
	if s.Adopting {
		b.WriteString("           an adoption was begun and has not ended well: nothing is sent until `airlift adopt` does, or with --trust-queue\n")
	}
	if s.Unproven {
		b.WriteString("           AiR's list did not prove to the latest adoption that there are no other jobs: until one is proven, each item is looked up by name before it is first sent\n")
	}
	printFirst(&b, s.FirstJobs)
	b.Printf("today      %s submitted by all batches of this queue\n", n(s.SubmittedToday))
	if s.Rate > 0 {
		b.Printf("rate       %.3g a second\n", s.Rate)
	}
	switch {
	case s.ETA != nil:
		b.Printf("done by    %s (%s)\n", s.ETA.Format(time.RFC3339), humanize.Time(*s.ETA))
		if basis := s.basis(); basis != "" {
			b.Printf("           %s\n", basis)
		}
	case s.State == string(worker.Stopped) && s.left() > 0:
		b.Printf("done by    %s\n", noForecast)
	}
	for _, e := range s.Errors {
		code := e.Code
		if code == "" {
			code = "no code"
		}
		b.Printf("failed     %s x %s: %s (for example %q)\n", n(e.Count), code, e.Message, e.ExampleKey)
	}
	for _, r := range s.rejected {
		b.Printf("rejected   %s\n", rejectedLine(r))
	}
	if more := s.Rejected - int64(len(s.rejected)); len(s.rejected) == listRejected && more > 0 {
		b.Printf("           and %s more: `airlift report` lists them all\n", n(more))
	}
	s.Audit.print(&b)
	_, err := io.WriteString(a.out, b.String())
	return err
}

func rejectedLine(r queue.Rejected) string {
	what := ""
	if r.Key != "" {
		what = fmt.Sprintf(" %q", term.Cut(r.Key, 100))
	}
	return term.Sprintf("line %d%s: %s", r.Line, what, r.Reason)
}

func cut(s string, most int) string { return term.Cut(s, most) }

func n(v int64) string { return humanize.Comma(v) }

// orEmpty makes JSON of it that is an object, and not null.
func orEmpty(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
