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
	"airlift/worker"
	"airlift/worker/service"
)

// listRejected is how many rejected rows the summary lists.
const listRejected = 20

var errListed = errors.New("enough are listed")

// service returns what answers for an open queue.
func (a *app) service(db queue.Store, opened time.Time) *service.Service {
	to := service.New(service.Config{Store: db, Place: a.queuePath(), Opened: opened, Log: a.log})
	to.Watch = func(done <-chan struct{}, now func() []service.Status) { a.keepStatusFile(done, to, now) }
	return to
}

// addStates takes over the states of the items that the queue has already.
func addStates(s *service.Status, have service.Status) {
	s.Pending -= have.Items - have.Pending
	s.Unsourced, s.Adopting, s.Unproven, s.SubmittedToday = have.Unsourced, have.Adopting, have.Unproven, have.SubmittedToday
	s.Sending, s.InDoubt, s.Submitted, s.Failed, s.Cancelled = have.Sending, have.InDoubt, have.Submitted, have.Failed, have.Cancelled
}

// moveWithdrawn moves the items that --replace would cancel from pending and failed to cancelled.
func moveWithdrawn(s *service.Status, c queue.Counts) {
	s.Pending, s.Failed, s.Cancelled = s.Pending-c.Pending, s.Failed-c.Failed, s.Cancelled+c.Pending+c.Failed
}

// printSummaries ends a command that worked on some batches.
func (a *app) printSummaries(ctx context.Context, db queue.Store, all []service.Status, asJSON bool) error {
	if asJSON {
		return writeJSON(a.out, all)
	}
	for i := range all {
		var rejected []queue.Rejected
		err := db.Rejected(ctx, all[i].Batch, func(r queue.Rejected) error {
			if len(rejected) == listRejected {
				return errListed
			}
			rejected = append(rejected, r)
			return nil
		})
		if err != nil && !errors.Is(err, errListed) {
			return err
		}
		if err := a.printSummary(&all[i], rejected, false, ""); err != nil {
			return err
		}
	}
	return nil
}

// writeJSON writes one summary as an object, several as an array.
func writeJSON(w io.Writer, all []service.Status) error {
	var v any = all
	if len(all) == 1 {
		v = all[0]
	} else if all == nil {
		v = []service.Status{}
	}
	return encodeJSON(w, v)
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(term.NewJSONWriter(w))
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printSummary writes a summary for people.
func (a *app) printSummary(s *service.Status, rejected []queue.Rejected, asJSON bool, remark string) error {
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
		if basis := basis(s); basis != "" {
			b.Printf("           %s\n", basis)
		}
	case s.State == string(worker.Stopped) && s.Left() > 0:
		b.Printf("done by    %s\n", noForecast)
	}
	for _, e := range s.Errors {
		code := e.Code
		if code == "" {
			code = "no code"
		}
		b.Printf("failed     %s x %s: %s (for example %q)\n", n(e.Count), code, e.Message, e.ExampleKey)
	}
	for _, r := range rejected {
		b.Printf("rejected   %s\n", rejectedLine(r))
	}
	if more := s.Rejected - int64(len(rejected)); len(rejected) == listRejected && more > 0 {
		b.Printf("           and %s more: `airlift report` lists them all\n", n(more))
	}
	printAudit(&b, s.Audit)
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

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
