package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/queue"
	"airlift/queue/intake"
	queueplan "airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/service"
)

type runFlags struct {
	readFlags
	send   sendFlags
	dryRun bool
}

func (a *app) runCommand() *cobra.Command {
	var o runFlags
	cmd := &cobra.Command{
		Use: "run SOURCE... [flags]", Short: "Enqueue and submit until nothing of the batch is left: the main job",
		Long: `run reads the sources into the queue and submits every item to AiR, one job per object, until
nothing of the batch is left; then it summarises. Run the same command again after any end
(Ctrl-C, a crash, a cap, a reboot): it carries on where it was.

SOURCE is a manifest (.csv .jsonl .ndjson .txt .json, each also .gz .zst), a quoted pattern such
as 'exports/*.csv', - for standard input, a manifest in a bucket (s3://bucket/manifest.csv.gz), or
a scan (s3://bucket/prefix). How a manifest is written is told by its name, else by its content.
` + exitCodesHelp,
		Example: `  airlift run archive.csv --air-url https://air.example.com --services ocr,s2t \
      --destination-bucket results --destination-region us-east-1
  airlift run s3://archive/2024/ --source-region us-east-1 --batch y2024 ...
  airlift run s3://archive/ --batch archive --changed ...
  zcat rows.csv.gz | airlift run - --batch rows ...
  airlift run export.csv --columns 'key=File Path,bucket=Volume' ...
  airlift run archive.csv --dry-run --services ocr --destination-bucket r --destination-region us-east-1`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runAll(cmd, args, &o) },
	}
	o.add(cmd)
	o.addChanged(cmd)
	o.addReplace(cmd)
	o.send.add(cmd)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "read and check everything, store and send nothing")
	return cmd
}

func (a *app) runAll(cmd *cobra.Command, args []string, o *runFlags) error {
	checked, err := o.send.check()
	if err != nil {
		return err
	}
	ctx, cancel := o.send.limited(cmd.Context())
	defer cancel()
	var t *intake.Intake
	var client *air.Client
	abandoned, err := within(ctx, func() (err error) {
		if t, client, err = a.prepareRun(ctx, cmd, args, o); err == nil && o.dryRun {
			err = a.dryRun(ctx, t, o.send.json)
		}
		return err
	})
	if abandoned {
		return err
	}
	if client != nil {
		defer client.Close()
	}
	if t != nil {
		defer t.Close()
	}
	if err != nil || o.dryRun {
		return err
	}
	queueplan.ShowFirst(t, func(p queue.Preview) {
		a.log.Info().Str("bucket", p.Bucket).Str("key", p.Key).RawJSON("services", p.Services).Msg("one of the first jobs, as it will be sent")
	})
	return a.work(ctx, &job{
		db: t.Store, opened: t.Opened, batches: []string{t.Batch}, reading: t.Reading, readFirst: t.ReadFirst, replaces: o.replace,
		client: client, send: &o.send, checked: checked,
		adoptLine:  adoptLine(cmd, a, args),
		cancelLine: cancelLine(cmd, a),
	})
}

// prepareRun checks all that a run needs before anything is sent. What it returns beside an error is to be closed too.
func (a *app) prepareRun(ctx context.Context, cmd *cobra.Command, args []string, o *runFlags) (t *intake.Intake, client *air.Client, err error) {
	var lacking missing
	options, err := o.options(ctx, a, args, o.send.profile, &lacking)
	if err != nil {
		return nil, nil, err
	}
	if !o.dryRun {
		keys, err := lacking.addAPI(cmd, a, &o.send)
		if err != nil {
			return nil, nil, err
		}
		if o.send.airURL != "" && keys != (config.Keys{}) {
			if client, err = o.send.client(keys); err != nil {
				return nil, nil, err
			}
		}
	}
	options.NeedFields, options.StoreNothing = true, o.dryRun
	t, err = a.prepare(ctx, options, lacking)
	return t, client, err
}

// readFirstText says why nothing is sent while the sources are read.
func (j *job) readFirstText() string {
	if j.replaces {
		return "--replace: the sources are read to their end, and what they lack is cancelled, before anything is sent"
	}
	return "--changed: items are left from before, so the sources are read to their end before anything is sent"
}

// job is what work needs to work some batches.
type job struct {
	db      queue.Store
	opened  time.Time
	batches []string
	reading *intake.Reading // nil: nothing is read
	// readFirst reads to the end before anything is sent; replaces says that this is because of --replace.
	readFirst, replaces bool
	client              *air.Client
	send                *sendFlags
	checked             parsed
	// lookupsOnly settles what is in doubt and sends nothing.
	lookupsOnly bool
	// limits are those of the flags; nil: this job sends nothing.
	limits *queueplan.Limits
	// verify compares the batches with AiR's list afterwards; audits are what it found, by batch.
	verify bool
	audits map[string]*service.AuditResult
	// adoptLine returns the command line that rebuilds a batch; nil: nobody knows the sources.
	adoptLine func(batch string) string
	// cancelLine returns the command line that cancels what a reading added; nil: its general form.
	cancelLine func(batch string, reading int64) string
}

// work reads and submits at the same time, shows how it goes, and ends with the summary.
func (a *app) work(ctx context.Context, j *job) error {
	limits := ownLimits(j.checked.limiter.Rate(), j.send.dailyLimit)
	j.limits = &limits
	a.boundHeap(0)
	whole := ctx // ctx itself ends with the run
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)

	fed := make(chan struct{})
	var feeding sync.WaitGroup
	var readErr error
	if j.reading == nil {
		close(fed)
		a.tuneGC()
	} else {
		feeding.Go(func() {
			defer close(fed)
			if readErr = j.reading.Into(ctx, j.db, j.batches[0]); readErr != nil && ctx.Err() == nil {
				end(readErr)
			}
			for _, text := range j.reading.Unmatched() { // the summary may be days away
				a.log.Warn().Msg(text)
			}
			a.tuneGC()
		})
	}
	pool, err := worker.New(worker.Config{
		Store: j.db, API: j.client, Limiter: j.checked.limiter, Batches: j.batches, Account: queue.DefaultAccount, Address: j.send.airURL,
		Opened: j.opened, Fed: fed, Workers: j.send.workers, MaxAttempts: j.send.maxAttempts, MaxFailures: j.checked.failures,
		MaxItems: j.send.maxItems, DailyLimit: j.send.dailyLimit, ExitOnCap: j.send.onDailyCap == "exit",
		Settle: zeroMeansNone(j.send.settle), Grace: zeroMeansNone(j.send.grace), GiveUp: j.send.giveUp,
		TrustQueue: j.send.trustQueue, AdoptCommand: j.adoptLine, CancelCommand: j.cancelLine, LookupsOnly: j.lookupsOnly, Log: a.log,
	})
	if err != nil {
		return err
	}
	stopShowing := a.show(ctx, j, pool, end)
	if j.readFirst {
		a.log.Info().Str("batch", j.batches[0]).Msg(j.readFirstText())
		<-fed // a run that ends meanwhile stops reading
	}
	runErr := pool.Run(ctx)
	end(nil) // a run that ends early stops reading
	feeding.Wait()
	stopShowing()
	if runErr == nil {
		runErr = readErr
	}
	// Whatever ended the run: what came since the queue was replaced is not in the file that is there now.
	if lost := queue.CheckPlace(j.db); lost != nil && !errors.Is(runErr, queue.ErrReplaced) {
		runErr = both(runErr, lost)
	}
	if runErr == nil && j.verify {
		runErr = a.verify(whole, j)
	}
	return a.finish(whole, j, runErr, pool.Now())
}

// finish writes report and summary and says how it ended. It goes on if ctx has ended, but for a pipe that nobody reads.
func (a *app) finish(ctx context.Context, j *job, runErr error, now time.Time) error {
	whole := ctx
	ctx = context.WithoutCancel(ctx)
	code := exitCode(runErr)
	q := service.StatusQuery{Batches: j.batches, Now: now, InTurn: true}
	if !j.lookupsOnly {
		q.Limits = j.limits
	}
	all, err := a.service(j.db, j.opened).Status(ctx, q)
	if err != nil {
		return both(runErr, err)
	}
	for i := range all {
		s := &all[i]
		if i == 0 { // the one that was read
			s.Unmatched = j.reading.Unmatched()
			if j.reading != nil {
				s.AcceptedEarlier = j.reading.Accepted
			}
		}
		if j.send.json && s.Reason == "" && runErr != nil { // people read it below the summary
			s.Reason = runErr.Error()
		}
		s.Audit = j.audits[s.Batch]
		code = worse(code, auditCode(s.Audit))
		if s.Failed > 0 || s.InDoubt > 0 || (j.reading != nil && s.Rejected > 0) {
			code = worse(code, exitIncomplete)
		}
	}
	var unreported error
	if j.send.report != "" {
		unreported = a.reportToFile(whole, j.db, j.batches[0], j.send.report)
		code = worse(code, exitCode(unreported))
	}
	code = worse(code, sourcesCode(j.reading.End()))
	if err := a.printSummaries(ctx, j.db, all, j.send.json); err != nil {
		return both(runErr, err)
	}
	text := sourcesText(j.reading.End())
	if runErr != nil {
		text = runErr.Error()
	}
	text = withNextStep(runErr, text, all)
	if unreported != nil {
		text = strings.TrimPrefix(fmt.Sprintf("%s\n--report: %v: once that is mended, `airlift report -o %s%s` writes the report; all else is done as the summary says",
			text, unreported, config.Quote(j.send.report), batchWord(j.batches[0])), "\n")
	}
	if code == exitOK {
		return nil
	}
	return &codeError{code, text}
}

// withNextStep adds to the text of how a run ended what to do about what is left.
func withNextStep(runErr error, text string, all []service.Status) string {
	more := ""
	left, incomplete := int64(0), false
	for _, s := range all {
		left += s.Left()
		incomplete = incomplete || s.Incomplete
		if s.Failed > 0 {
			more += fmt.Sprintf("\n%s items failed: `airlift items --state failed%s` lists them, `airlift retry%s` makes them pending for the next run",
				n(s.Failed), batchWord(s.Batch), batchWord(s.Batch))
		}
	}
	if bare := strings.TrimSuffix(text, runAgain); exitCode(runErr) == exitWorkLeft && !strings.Contains(bare, "the same command") {
		switch {
		case incomplete:
			text = fmt.Sprintf("%s; %s items are left so far, and the sources are not read to their end; the same command carries on", bare, n(left))
		case left > 0:
			text = fmt.Sprintf("%s; %s items are left; the same command carries on", bare, n(left))
		}
	}
	return strings.TrimPrefix(text+more, "\n")
}
