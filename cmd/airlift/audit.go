package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"airlift/cmd/airlift/term"
	"airlift/worker/joblist"
	"airlift/worker/service"
)

// auditCode is the exit code for what an audit found.
func auditCode(v *service.AuditResult) int {
	if v != nil && v.Found() > 0 {
		return exitIncomplete
	}
	return exitOK
}

// audit compares a batch with AiR's list. Unless there is to be JSON, each finding is printed at once, so that none of
// millions has to be kept.
func (a *app) audit(ctx context.Context, j *job, batch string, adopt bool) (*service.AuditResult, error) {
	with := joblist.Audit{API: j.client, Limiter: j.checked.limiter, Batch: batch, Adopt: adopt,
		Settled: j.opened.Add(j.send.settle), GiveUp: zeroMeansNone(j.send.giveUp)}
	if !j.send.json {
		with.Report = func(f joblist.Finding) error {
			_, err := fmt.Fprintln(a.out, findingLine(f))
			return err
		}
	}
	return a.service(j.db, j.opened).Audit(ctx, with)
}

// verify compares the batches of a job with AiR's list, and changes nothing.
func (a *app) verify(ctx context.Context, j *job) error {
	j.audits = map[string]*service.AuditResult{}
	for _, id := range j.batches {
		v, err := a.audit(ctx, j, id, false)
		j.audits[id] = v
		if err != nil {
			return err
		}
	}
	return nil
}

// findingLine says a finding in one line.
func findingLine(f joblist.Finding) string {
	object := quoted("s3://" + f.Bucket + "/" + f.Key)
	listed := strings.Join(f.Listed, ", ")
	if listed == "" {
		listed = "(more ids than are kept)"
	}
	switch f.Kind {
	case joblist.Unsourced:
		return term.Sprintf("adopted         %s: AiR has the job %s; no source shows the object, so its item has no row and is never sent", object, listed)
	case joblist.Unreadable:
		return term.Sprintf("unreadable      %s: AiR has a job for it that cannot be read: %s", object, f.Problem)
	case joblist.TwoJobs:
		text := term.Sprintf("two jobs        %s: AiR has the jobs %s", object, listed)
		if f.JobID == "" {
			return text + term.Sprintf("; the queue has it as %s", f.State)
		}
		return text + term.Sprintf("; the queue has %s", f.JobID)
	case joblist.OtherJob:
		return term.Sprintf("another job     %s: AiR has the job %s, the queue has %s", object, listed, f.JobID)
	case joblist.NotSubmitted:
		return term.Sprintf("not submitted   %s: AiR has the job %s, the queue has it as %s", object, listed, f.State)
	case joblist.NotListed:
		return term.Sprintf("not listed      %s: the queue has the job %s, AiR lists none", object, f.JobID)
	}
	return term.Sprintf("unknown object  %s: AiR has the job %s, the batch has no such item", object, listed)
}

// untilAdopted says how a run goes on when an adoption has met jobs that it cannot take in.
const untilAdopted = "Nothing is sent before an adoption ends without any; if they are of none of the archive's objects, or if those are cancelled, go on with `airlift run --trust-queue`"

// unknownText says what to do about jobs of objects that the batch does not have.
func unknownText(v *service.AuditResult) string {
	if v.Adopt {
		return "jobs do not name their object, bucket and key, or may be for one whose key or bucket the source writes in another way: compare them. " + untilAdopted
	}
	return "jobs are for objects, or versions of them, that the batch does not have: `airlift adopt` takes them in, with the sources that show them or without"
}

// unreadableText says what to do about jobs that cannot be read.
func unreadableText(v *service.AuditResult) string {
	const text = "jobs cannot be read, so the queue cannot take them in: look them up in AiR"
	if v.Adopt {
		return text + ". " + untilAdopted
	}
	return text
}

// printAudit adds to a summary what was found, and what to do about it.
func printAudit(w io.Writer, v *service.AuditResult) {
	if v == nil {
		return
	}
	put := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // into memory
	if v.Adopt {
		put("at AiR     %s jobs: %s adopted, %s known before, %s other\n", n(v.Jobs), n(v.Adopted), n(v.Agreed-v.Adopted), n(v.Jobs-v.Agreed))
		if v.Unsourced > 0 {
			put("           %s of the adopted are for objects that no source shows: items without a row, which are never sent\n", n(v.Unsourced))
		}
	} else {
		put("at AiR     %s jobs: %s as the queue has them, %s other\n", n(v.Jobs), n(v.Agreed), n(v.Jobs-v.Agreed))
	}
	if v.LookedUp > 0 {
		put("           the list was not at rest, or showed no end: %s items whose job it did not show were looked up by name\n", n(v.LookedUp))
	}
	for _, kind := range []struct {
		count int64
		text  string
	}{
		{v.TwoJobs, "objects have more than one job: they are not sent again, but were analysed twice"},
		{v.OtherJob, "items have another job at AiR than in the queue: is the queue an old copy, or of another account?"},
		{v.NotSubmitted, "items have a job that the queue does not know: `airlift adopt` marks them as submitted"},
		{v.NotListed, "items are submitted, but AiR does not list their job: are URL and account the same, and is it longer ago than AiR keeps jobs?"},
		{v.Unknown, unknownText(v)},
		{v.Unreadable, unreadableText(v)},
	} {
		if kind.count > 0 {
			put("           %s %s\n", n(kind.count), kind.text)
		}
	}
	switch {
	case !v.Complete:
		put("           AiR's list was not read to its end: there may be more jobs\n")
	case v.Found() == 0 && v.Unproven:
		put("           queue and AiR agree in all jobs that it showed\n")
	case v.Found() == 0:
		put("           queue and AiR agree\n")
	}
}
