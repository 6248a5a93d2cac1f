package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	queueplan "airlift/queue/plan"
)

type planFlags struct {
	job        jobFlags
	source     sourceFlags
	profile    sendFlags // of which plan has --profile alone
	rate       string
	dailyLimit int64
	save       string
	json       bool
	nightlyFlags
}

func (a *app) planCommand() *cobra.Command {
	var o planFlags
	cmd := &cobra.Command{
		Use: "plan SOURCE... [flags]", Short: "Say what run would do, how much it is and how long it takes; store and send nothing",
		Long: `plan reads and checks everything as run does, and stores and sends nothing. It tells what is new and
what the batch has already, by media type, size and prefix, what is rejected and skipped and why, and
when all would be submitted at --rate and --daily-limit, or at the daily cap that AiR has shown so far,
and after a pause that is in force. While a stop is in force it says so, and forecasts nothing.
With --preflight it also shows the total duration of the new .mp4 and .mov files and their audio
channels, where the files state them.

--save FILE writes the new items as a manifest, CSV or JSONL by its name: ` + "`airlift run FILE`" + ` with the
same --batch takes exactly these. It needs no access to AiR, and to S3 only if a source is there or
with --preflight.
` + exitCodesHelp,
		Example: `  airlift plan archive.csv --services ocr --destination-bucket results --destination-region us-east-1
  airlift plan s3://archive/2024/ --source-region us-east-1 --batch y2024 --daily-limit 50000 ...
  airlift plan archive.csv --min-size 1M --save big.csv --batch big ... && airlift run big.csv --batch big ...`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.plan(cmd.Context(), args, &o) },
	}
	o.job.add(cmd)
	o.source.add(cmd)
	o.source.addPreflight(cmd)
	o.nightlyFlags.add(cmd)
	o.profile.addProfile(cmd)
	f := cmd.Flags()
	f.StringVar(&o.rate, "rate", defaultRate, "requests to reckon with: N/s, N/m, N/h or unlimited")
	f.Int64Var(&o.dailyLimit, "daily-limit", 0, "jobs a UTC day to reckon with (default: AiR's daily cap as far as it was met)")
	f.StringVar(&o.save, "save", "", "write the new items as a manifest to this file (.csv, .jsonl or .ndjson)")
	f.BoolVar(&o.json, "json", false, "print the plan as one JSON object, and nothing else, on standard output")
	return cmd
}

func (a *app) plan(ctx context.Context, args []string, o *planFlags) error {
	limits, err := limitsOf(o.rate, o.dailyLimit)
	if err != nil {
		return err
	}
	save, err := newSaver(o.save)
	if err != nil {
		return err
	}
	flags, err := o.job.settings(a)
	if err != nil {
		return err
	}
	var lacking missing
	src, err := o.source.parse(ctx, a, args, &o.job, o.profile.profile, &lacking)
	if err != nil {
		return err
	}
	t := &intake{app: a, sources: src, flags: flags, batch: o.source.batch, lacking: lacking, needFields: true, strict: o.source.strict, describes: true, repeated: o.nightlyFlags}
	defer t.close()
	if err := t.open(ctx, true); err != nil {
		return err
	}
	out := queueplan.Plan{}
	found := queueplan.NewTally()
	s, err := t.survey(ctx, func(trial queue.Store, s *survey) error {
		if err := countPlan(ctx, &out, t, trial, s, found, save); err != nil {
			return err
		}
		if out.FirstJobs, err = t.firstJobs(ctx, trial, s); err != nil {
			return err
		}
		if save == nil || s.reading.broken != nil || o.source.strict && s.Rejected > 0 {
			return nil
		}
		out.Saved = o.save
		return save.write(ctx, trial, t.batch, s)
	})
	if err != nil {
		return err
	}
	readPlan(&out, &s, t.batch)
	out.Unmatched = s.reading.unmatched()
	found.Fill(&out)
	if t.db != nil {
		if err := limits.Learn(ctx, t.db, queue.DefaultAccount, time.Now()); err != nil {
			return err
		}
	}
	out.Forecast(limits, time.Now())
	if o.json {
		err = term.JSON(a.out, out)
	} else {
		err = term.Plan(a.out, &out, time.Now())
	}
	if err != nil {
		return err
	}
	return s.fate(o.save != "" && out.Saved == "")
}

// exitStatus is how a command ends that only looks.
func (s *survey) fate(unsaved bool) error {
	code, text := s.reading.worst, s.reading.emptyText()
	if s.Rejected > 0 {
		code = worse(code, exitIncomplete)
	}
	if s.reading.broken != nil {
		text = s.reading.broken.Error()
	}
	if unsaved {
		text = strings.TrimPrefix(text+"\nnothing was saved: the sources were not read to their end, or, with --strict, have bad rows", "\n")
	}
	if code == exitOK {
		return nil
	}
	return &codeError{code, text}
}

// count looks through the new items, and through those of the batch that are not sent yet.
func countPlan(ctx context.Context, p *queueplan.Plan, t *intake, trial queue.Store, s *survey, found *queueplan.Tally, save *saver) error {
	err := queue.Entries(ctx, trial, t.batch, queue.Filter{}, func(e *queue.Entry) error {
		if s.known.has(e.Seq) {
			return nil
		}
		if save != nil {
			save.See(&e.Item)
		}
		o := objectOf(&e.Item)
		found.Add(e.Bucket, e.Key, queueplan.Object{Size: o.size, Seconds: o.seconds, Channels: o.channels})
		return nil
	})
	if err != nil || t.db == nil {
		return err
	}
	b, err := t.db.Batch(ctx, t.batch)
	if errors.Is(err, queue.ErrBatchNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Exists, p.Queue = true, b.Counts
	if b.Counts.Left() == 0 {
		return nil
	}
	return queue.Entries(ctx, t.db, t.batch, queue.Filter{}, func(e *queue.Entry) error {
		if slices.Contains([]queue.State{queue.Pending, queue.Sending, queue.InDoubt}, e.State) {
			found.Add(e.Bucket, e.Key, queueplan.Object{Size: queueplan.Unsized})
		}
		return nil
	})
}

// read takes over what became of the rows.
func readPlan(p *queueplan.Plan, s *survey, batch string) {
	p.Batch, p.Rows, p.New, p.Known, p.Duplicates, p.Rejected, p.Skipped = batch, s.Rows, s.Added, s.Known, s.Duplicates, s.Rejected, s.Skipped
	p.Skips, p.Rejects, p.Complete = []queueplan.SkippedAmount{}, []queueplan.Reject{}, s.reading.broken == nil
	for _, why := range slices.Sorted(maps.Keys(s.SkippedBy)) {
		p.Skips = append(p.Skips, queueplan.SkippedAmount{Reason: why, Rows: s.SkippedBy[why]})
	}
	for _, r := range s.rejected {
		p.Rejects = append(p.Rejects, queueplan.Reject{Line: r.Line, Bucket: r.Bucket, Key: r.Key, Reason: r.Reason})
	}
}
