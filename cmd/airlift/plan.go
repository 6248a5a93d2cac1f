package main

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

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

// plan is what `airlift plan` found: the object of --json.
type plan struct {
	Batch string `json:"batch"`
	// Exists says that the queue has the batch.
	Exists     bool  `json:"exists"`
	Rows       int64 `json:"rows"`
	New        int64 `json:"new"`
	Known      int64 `json:"known"`
	Duplicates int64 `json:"duplicates"`
	Rejected   int64 `json:"rejected"`
	Skipped    int64 `json:"skipped"`
	// Complete is false if a source broke off.
	Complete bool            `json:"complete"`
	Skips    []skippedAmount `json:"skips"`
	// Unmatched tells which patterns of the filters no key matched.
	Unmatched []string `json:"unmatched,omitempty"`
	// Rejects are the first rejected rows.
	Rejects []reject `json:"rejects"`
	// Queue is what the batch has in the queue.
	Queue queue.Counts `json:"queue"`
	// ToSend is the new items and those of the batch that are not sent yet; the breakdown is of these.
	ToSend amount `json:"to_send"`
	// FirstJobs are the first of these, as they would be sent.
	FirstJobs []queue.Preview `json:"first_jobs"`
	Types     []typeAmount    `json:"types"`
	Sizes     []sizeAmount    `json:"sizes"`
	Prefixes  []prefixAmount  `json:"prefixes"`
	// OtherPrefixes is what lies under none of Prefixes.
	OtherPrefixes amount `json:"other_prefixes"`
	// Minutes is the total duration of the items in ToSend whose duration --preflight found; Timed is their number.
	Minutes float64 `json:"minutes"`
	Timed   int64   `json:"timed"`
	// AudioChannels counts the items among ToSend whose audio channels --preflight found, by their number.
	AudioChannels []channelsAmount `json:"audio_channels"`

	// State is that of the account, as in `status`: idle, paused or stopped, with the reason.
	State       string     `json:"state"`
	Reason      string     `json:"reason"`
	PausedUntil *time.Time `json:"paused_until"`
	// Rate is in requests a second, null for no limit; PerDay the most jobs a UTC day, null if none is known.
	Rate       *float64 `json:"rate"`
	PerDay     *int64   `json:"per_day"`
	PerDayFrom string   `json:"per_day_from"`
	// Days counts the UTC days on which something is sent; Finish is null if there is no end to it, or a stop in force.
	Days   int64      `json:"days"`
	Finish *time.Time `json:"finish"`
	// Saved is the file of --save.
	Saved string `json:"saved,omitempty"`

	since time.Time // when the pause or stop began
}

// reject is a rejected row.
type reject struct {
	Line   int64  `json:"line"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Reason string `json:"reason"`
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
	out := plan{}
	found := newBreakdown()
	s, err := t.survey(ctx, func(trial queue.Store, s *survey) error {
		if err := out.count(ctx, t, trial, s, found, save); err != nil {
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
	out.read(&s, t.batch)
	out.Unmatched = s.reading.unmatched()
	out.show(found)
	if err := out.reckon(ctx, t.db, limits, time.Now()); err != nil {
		return err
	}
	if o.json {
		err = encodeJSON(a.out, out)
	} else {
		err = out.print(a.out, time.Now())
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
func (p *plan) count(ctx context.Context, t *intake, trial queue.Store, s *survey, found *breakdown, save *saver) error {
	err := queue.Entries(ctx, trial, t.batch, queue.Filter{}, func(e *queue.Entry) error {
		if s.known.has(e.Seq) {
			return nil
		}
		if save != nil {
			save.See(&e.Item)
		}
		found.add(e.Bucket, e.Key, objectOf(&e.Item))
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
			found.add(e.Bucket, e.Key, object{size: unsized})
		}
		return nil
	})
}

// read takes over what became of the rows.
func (p *plan) read(s *survey, batch string) {
	p.Batch, p.Rows, p.New, p.Known, p.Duplicates, p.Rejected, p.Skipped = batch, s.Rows, s.Added, s.Known, s.Duplicates, s.Rejected, s.Skipped
	p.Skips, p.Rejects, p.Complete = bySkip(s.SkippedBy), []reject{}, s.reading.broken == nil
	for _, r := range s.rejected {
		p.Rejects = append(p.Rejects, reject{r.Line, r.Bucket, r.Key, r.Reason})
	}
}

// show takes the breakdown over.
func (p *plan) show(b *breakdown) {
	p.ToSend, p.Types, p.Sizes = b.all, b.byType(), b.bySize()
	p.Prefixes, p.OtherPrefixes = b.topPrefixes()
	p.Minutes, p.Timed, p.AudioChannels = b.seconds/60, b.timed, b.byChannels()
}

// reckon forecasts.
func (p *plan) reckon(ctx context.Context, db queue.Store, l queueplan.Limits, now time.Time) error {
	if db != nil {
		var err error
		if err = l.Learn(ctx, db, queue.DefaultAccount, now); err != nil {
			return err
		}
	}
	p.State, p.PausedUntil = l.State()
	p.Reason, p.since = l.Reason, l.Since
	if !math.IsInf(l.Rate, 1) {
		p.Rate = &l.Rate
	}
	if l.PerDayFrom != queueplan.Nobody {
		p.PerDay, p.PerDayFrom = &l.PerDay, l.PerDayFrom
	}
	f := l.Forecast(p.ToSend.Items-p.Queue.Sending-p.Queue.InDoubt, now)
	p.Days = f.Days
	if !f.Finish.IsZero() && p.ToSend.Items > 0 {
		finish := f.Finish.UTC().Truncate(time.Second)
		p.Finish = &finish
	}
	return nil
}
