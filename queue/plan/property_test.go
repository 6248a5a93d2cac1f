package plan

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"airlift/manifest/filter"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/memory"
)

// kept is a queue that stays open.
type kept struct{ queue.Store }

func (kept) Close() error { return nil }

// A plan and a dry run count what a run then does, whatever the queue has and whatever was done to it.
func TestAPlanCountsWhatARunDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.csv")
	rapid.Check(t, func(t *rapid.T) {
		q := memory.New()
		for range rapid.IntRange(1, 4).Draw(t, "nights") {
			writeRows(t, path)
			o := intake.Options{Batch: "b", TrustChanges: true, Log: zerolog.Nop(), Open: func(bool) (queue.Store, error) { return kept{q}, nil },
				Scratch: func() (queue.Store, error) { return memory.New(), nil }}
			o.Changed, o.Replace = rapid.Bool().Draw(t, "changed"), rapid.Bool().Draw(t, "replace")
			if b, _ := q.Batches(t.Context()); len(b) > 1 && rapid.Bool().Draw(t, "since") {
				o.Since = []string{"other"}
			}
			night(t, q, o, path)
			o.Batch, o.Since, o.Replace = "other", nil, false
			if rapid.Bool().Draw(t, "another batch") {
				writeRows(t, path)
				night(t, q, o, path)
			}
		}
	})
}

// night plans, runs and compares, and then sends some of the items.
func night(t *rapid.T, q *memory.Queue, o intake.Options, path string) {
	ctx := t.Context()
	dry := o
	dry.StoreNothing, dry.Details = true, rapid.Bool().Draw(t, "details")
	d, err := prepare(t, dry, path).DryRun(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := New(ctx, prepare(t, dry, path), Limits{Rate: 5})
	if err != nil {
		t.Fatal(err)
	}
	run := prepare(t, o, path)
	before, _ := q.Batch(ctx, o.Batch)
	if err := run.Reading.Into(ctx, run.Store, o.Batch); err != nil {
		t.Fatal(err)
	}
	b, err := q.Batch(ctx, o.Batch)
	if err != nil {
		t.Fatal(err)
	}
	r := b.Reading
	same := func(what string, got, want any) {
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
			t.Fatalf("%s: planned %s, done %s", what, g, w)
		}
	}
	rows := []any{r.Rows, r.Added, r.Known, r.Duplicates, r.Rejected, r.Skipped, r.SkippedBy}
	same("rows of the dry run", []any{d.Rows, d.Added, d.Known, d.Duplicates, d.Reading.Rejected, d.Skipped, d.SkippedBy}, rows)
	same("rows of the plan", []any{p.Rows, p.New, p.Known, p.Duplicates, p.Rejected, p.Skipped}, rows[:6])
	same("items", d.Items, b.Counts.Items)
	same("withdrawn", d.Withdrawn, r.Withdrawn)
	same("accepted earlier", d.Replaced.Submitted, run.Reading.Accepted)
	same("the queue as it was", p.Queue, before.Counts)
	if !o.Replace && r.Restored == 0 {
		same("to send", p.ToSend.Items, b.Counts.Left())
	}
	send(t, q, o.Batch)
}

func prepare(t *rapid.T, o intake.Options, path string) *intake.Intake {
	var err error
	if o.Sources, err = intake.ParseSources([]string{path}); err == nil {
		o.Sources.AllowEmpty = true
		o.Sources.Filter, err = filter.New(filter.Config{Patterns: filter.Patterns{Exclude: []string{"*.txt"}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	in, err := intake.Prepare(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// writeRows writes a manifest with known and repeated objects, rows that contradict each other, and bad ones.
func writeRows(t *rapid.T, path string) {
	rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		key := fmt.Sprintf("k%d.mov", rapid.IntRange(0, 12).Draw(t, "key"))
		switch rapid.IntRange(0, 12).Draw(t, "kind") {
		case 0:
			key = ""
		case 1:
			key += ".txt"
		}
		priority := ""
		if rapid.IntRange(0, 9).Draw(t, "priority") == 0 {
			priority = "3"
		}
		return fmt.Sprintf("src,%s,%d,%s", key, rapid.IntRange(1, 3).Draw(t, "size"), priority)
	}), 1, 20).Draw(t, "rows")
	text := "bucket,key,size,priority\n" + strings.Join(rows, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// send claims some of the items, and finishes most of these.
func send(t *rapid.T, q *memory.Queue, batch string) {
	r := queue.ClaimRequest{Batches: []string{batch}, Max: rapid.IntRange(0, 15).Draw(t, "sent"), Day: 1}
	claimed, _, err := q.Exchange(t.Context(), nil, r)
	if err != nil {
		t.Fatal(err)
	}
	var results []queue.Result
	for i, c := range claimed {
		to := rapid.SampledFrom([]queue.State{queue.Submitted, queue.Submitted, queue.Failed, queue.InDoubt, queue.Pending, queue.Sending}).Draw(t, "to")
		if to != queue.Sending {
			results = append(results, queue.Result{Batch: batch, Seq: c.Seq, To: to, JobID: fmt.Sprint(batch, c.Seq, "-", i), Sent: true})
		}
	}
	if _, _, err := q.Exchange(t.Context(), results, queue.ClaimRequest{}); err != nil {
		t.Fatal(err)
	}
}
