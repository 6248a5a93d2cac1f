package term

import (
	"cmp"
	"strings"

	"airlift/worker/joblist"
	"airlift/worker/service"
)

// Finding describes in one line what an audit found.
func Finding(f joblist.Finding) string {
	object := quoted("s3://" + f.Bucket + "/" + f.Key)
	listed := cmp.Or(strings.Join(f.Listed, ", "), "(more ids than are kept)")
	switch f.Kind {
	case joblist.Unsourced:
		return Sprintf("adopted         %s: AiR has the job %s; no source shows the object, so its item has no row and is never sent", object, listed)
	case joblist.Unreadable:
		return Sprintf("unreadable      %s: AiR has a job for it that cannot be read: %s", object, f.Problem)
	case joblist.TwoJobs:
		has := Sprintf("has %s", f.JobID)
		if f.JobID == "" {
			has = Sprintf("has it as %s", f.State)
		}
		return Sprintf("two jobs        %s: AiR has the jobs %s; the queue %s", object, listed, has)
	case joblist.OtherJob:
		return Sprintf("another job     %s: AiR has the job %s, the queue has %s", object, listed, f.JobID)
	case joblist.NotSubmitted:
		return Sprintf("not submitted   %s: AiR has the job %s, the queue has it as %s", object, listed, f.State)
	case joblist.NotListed:
		return Sprintf("not listed      %s: the queue has the job %s, AiR lists none", object, f.JobID)
	}
	return Sprintf("unknown object  %s: AiR has the job %s, the batch has no such item", object, listed)
}

// The texts say what to do about jobs of objects that the batch does not have, and about jobs that cannot be read. After an
// adoption they also say how a run continues.
const (
	unknownText       = "jobs are for objects, or versions of them, that the batch does not have: `airlift adopt` takes them in, with the sources that show them or without"
	unknownAdopted    = "jobs do not name their object, bucket and key, or may be for one whose key or bucket the source writes in another way: compare them. " + untilAdopted
	unreadableText    = "jobs cannot be read, so the queue cannot take them in: look them up in AiR"
	unreadableAdopted = unreadableText + ". " + untilAdopted
	untilAdopted      = "Nothing is sent before an adoption ends without any; if they are of none of the archive's objects, or if those are cancelled, go on with `airlift run --trust-queue`"
)

// audit says what an audit found, and what to do about it.
func (b *lines) audit(v *service.AuditResult) {
	if v == nil {
		return
	}
	unknown, unreadable := unknownText, unreadableText
	if v.Adopt {
		unknown, unreadable = unknownAdopted, unreadableAdopted
		b.add("at AiR", "%s jobs: %s adopted, %s known before, %s other", Number(v.Jobs), Number(v.Adopted), Number(v.Agreed-v.Adopted), Number(v.Jobs-v.Agreed))
		b.some("", v.Unsourced, "of the adopted are for objects that no source shows: items without a row, which are never sent")
	} else {
		b.add("at AiR", "%s jobs: %s as the queue has them, %s other", Number(v.Jobs), Number(v.Agreed), Number(v.Jobs-v.Agreed))
	}
	if v.LookedUp > 0 {
		b.add("", "the list was not at rest, or showed no end: %s items whose job it did not show were looked up by name", Number(v.LookedUp))
	}
	b.some("", v.TwoJobs, "objects have more than one job: they are not sent again, but were analysed twice")
	b.some("", v.OtherJob, "items have another job at AiR than in the queue: is the queue an old copy, or of another account?")
	b.some("", v.NotSubmitted, "items have a job that the queue does not know: `airlift adopt` marks them as submitted")
	b.some("", v.NotListed, "items are submitted, but AiR does not list their job: are URL and account the same, and is it longer ago than AiR keeps jobs?")
	b.some("", v.Unknown, unknown)
	b.some("", v.Unreadable, unreadable)
	switch {
	case !v.Complete:
		b.add("", "AiR's list was not read to its end: there may be more jobs")
	case v.Found() == 0 && v.Unproven:
		b.add("", "queue and AiR agree in all jobs that it showed")
	case v.Found() == 0:
		b.add("", "queue and AiR agree")
	}
}
