package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
	"airlift/manifest/s3test"
	"airlift/queue/intake"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// bucket is a bucket that somebody works on by day.
type bucket struct {
	*s3test.Server
	contents map[string]string
}

func (r *rig) withBucket() *bucket { return &bucket{r.withS3(), map[string]string{}} }

// write puts objects of these contents.
func (b *bucket) write(contents string, keys ...string) {
	for _, key := range keys {
		b.Put("archive", key, []byte(contents))
		b.contents[key] = contents
	}
}

// clips are n keys from the first on.
func clips(first, n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprintf("reel/%04d.mov", first+i))
	}
	return keys
}

// jobsOf counts the jobs of each object at AiR.
func (r *rig) jobsOf() map[string]int {
	n := map[string]int{}
	for _, j := range r.air.Jobs() {
		n[j.Source.ObjectKey]++
	}
	return n
}

// agreed checks the end of a night: every item of the queue is submitted and the report has its job, names tell all jobs
// apart, AiR has no others, the books balance.
func (r *rig) agreed(batch string) {
	r.t.Helper()
	byID, names := map[string]string{}, map[string]bool{}
	for _, j := range r.air.Jobs() {
		if j.Batch != batch {
			continue
		}
		byID[j.ID] = j.Source.ObjectKey + " " + j.Name
		if names[j.Name] {
			r.t.Errorf("two jobs have the name %s", j.Name)
		}
		names[j.Name] = true
	}
	rows := r.report(batch)
	for _, row := range rows {
		if want := row["key"] + " " + row["name"]; row["state"] != "submitted" || byID[row["job_id"]] != want {
			r.t.Errorf("the report has %v, AiR's job is %q", row, byID[row["job_id"]])
		}
		delete(byID, row["job_id"])
	}
	if len(byID) > 0 {
		r.t.Errorf("jobs that the report does not have: %v", byID)
	}
	r.run("check").want(r.t, exit.OK)
	r.quiet(func() {
		r.run("reconcile", batch, "--verify").want(r.t, exit.OK).says(r.t, fmt.Sprintf("%[1]s jobs: %[1]s as the queue has them", term.Number(int64(len(rows)))), "queue and AiR agree")
	})
}

// The same command every night submits what is new, and nothing else.
func TestEveryNightTakesWhatIsNew(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withBucket()
	for night, n := range []int{120, 35, 1, 0} {
		have := len(s3.contents)
		s3.write("first", clips(have, n)...)
		s3.write(fmt.Sprint("contents of night ", night), clips(0, 3)...) // changed, which nobody asked for
		r.run("run", "s3://archive/").want(t, exit.OK)
		have = len(s3.contents)
		r.settled(have)
		if night > 0 {
			r.status().books(t, int64(n), int64(have-n), 0, 0, 0)
		}
		if posts := r.air.Posts(); posts != have {
			t.Errorf("night %d: %d POSTs for %d objects", night, posts, have)
		}
	}
	r.agreed(r.status().Batch)
}

// With --changed an object gets one job for each of its contents, also when nights are cut short.
func TestEveryNightTakesWhatChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withBucket()
	night := func(args ...string) result {
		return r.run(append([]string{"run", "s3://archive/", "--changed", "--batch", "nightly"}, args...)...)
	}
	s3.write("one", clips(0, 60)...)
	night().want(t, exit.OK)
	r.settled(60)

	s3.write("two", clips(0, 7)...)
	s3.write("one", clips(60, 5)...)
	got := night().want(t, exit.OK)
	if strings.Contains(got.stderr, "not known") {
		t.Errorf("contents are known, and yet:\n%s", got.stderr)
	}
	got.says(t, "72 = 72 submitted", "7 of them for objects that changed")
	r.status().books(t, 12, 53, 0, 0, 0)
	night().want(t, exit.OK)
	r.status().books(t, 0, 65, 0, 0, 0)
	r.agreed("nightly")

	// The night is cut: the rest of what changed is sent by the next, which meets further changes of it.
	s3.write("three", clips(0, 30)...)
	night("--max-items", "10").want(t, exit.WorkLeft)
	s3.write("four", clips(0, 30)...)
	night().want(t, exit.OK)
	night().want(t, exit.OK)
	r.agreed("nightly")
	jobs := r.jobsOf()
	for i, key := range clips(0, 65) {
		want := 1
		if i < 7 {
			want++ // two
		}
		if i < 30 {
			want++ // four; three was not sent before it changed again
		}
		if i < 10 {
			want++ // three
		}
		if jobs[key] != want {
			t.Errorf("%s: got %d jobs, want %d", key, jobs[key], want)
		}
	}
	// What returns to former contents has had its job.
	posts := r.air.Posts()
	s3.write("one", clips(0, 65)...)
	night().want(t, exit.OK)
	if more := r.air.Posts() - posts; more != 0 {
		t.Errorf("contents that had their job: got %d POSTs more, want none", more)
	}
}

// A night that is killed at any moment leaves no object without its job and none with two for the same contents.
func TestKilledNights(t *testing.T) {
	t.Parallel()
	var victim atomic.Pointer[process]
	var left atomic.Int64
	dead := make(chan struct{}, 1)
	r := newRig(t, airtest.Config{OnRequest: func(q airtest.Request) {
		if p := victim.Load(); p != nil && isPost(q) && left.Add(-1) == 0 {
			p.signal(syscall.SIGKILL)
			<-dead
		}
	}})
	s3 := r.withBucket()
	args := []string{"run", "s3://archive/", "--changed", "--batch", "nightly"}
	want := map[string]int{}
	for night := range 4 {
		s3.write(fmt.Sprint("contents of night ", night), clips(0, 20+night)...)
		for _, key := range clips(0, 20+night) {
			want[key]++
		}
		left.Store(int64(3 + 5*night))
		p := r.start(args...)
		victim.Store(p)
		if got := p.wait(); got.code != -1 {
			t.Fatalf("exit code %d, want a kill\n%s", got.code, got.stderr)
		}
		victim.Store(nil)
		dead <- struct{}{}
		r.run(args...).want(t, exit.OK)
	}
	r.agreed("nightly")
	if got := r.jobsOf(); !maps.Equal(got, want) {
		t.Errorf("jobs: got %v, want %v", got, want)
	}
}

// A batch that was submitted before airlift knew of contents, or from a source that does not tell them, sees the changes
// from the second night on.
func TestChangesOfWhatWasNotKnown(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withBucket()
	s3.write("one", clips(0, 5)...)
	m := "bucket,key\n"
	for _, key := range clips(0, 5) {
		m += "archive," + key + "\n"
	}
	m = r.file("m.csv", m)
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.run("run", m, "--batch", "b", "--changed").want(t, exit.OK).says(t, "could not be compared", "objects=5")
	r.run("run", "s3://archive/", "--batch", "b", "--changed").want(t, exit.OK).says(t, "could not be compared", "objects=5")
	if got := r.run("run", "s3://archive/", "--batch", "b", "--changed").want(t, exit.OK); strings.Contains(got.stderr, "could not be compared") {
		t.Errorf("it is known since last night, and yet:\n%s", got.stderr)
	}
	r.settled(5)
	s3.write("two", clips(1, 1)...)
	r.run("run", "s3://archive/", "--batch", "b", "--changed", "--dry-run").want(t, exit.OK).says(t, "1 added + 4 known")
	r.run("run", "s3://archive/", "--batch", "b", "--changed", "--strict").want(t, exit.OK).says(t, "1 added + 4 known")
	r.agreed("b")
	if got := r.air.Posts(); got != 6 {
		t.Errorf("POSTs: got %d, want 6", got)
	}
}

// After the queue was lost, or an old copy of it was put in its place, adopt finds the items of all contents again.
func TestAdoptFindsEveryVersion(t *testing.T) {
	t.Parallel()
	for name, restored := range map[string]bool{"lost": false, "an old copy": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			s3 := r.withBucket()
			nightly := []string{"run", "s3://archive/", "--changed", "--batch", "nightly"}
			s3.write("one", clips(0, 130)...)
			r.run(nightly...).want(t, exit.OK)
			r.copyQueue(r.queue, r.queue+".old")
			s3.write("two", clips(0, 40)...)
			r.run(nightly...).want(t, exit.OK)
			s3.write("three", clips(0, 20)...)
			s3.write("one", clips(130, 3)...)
			r.run(nightly...).want(t, exit.OK)
			jobs := r.jobsOf()
			posts := r.air.Posts()
			s3.write("four", clips(0, 10)...) // which nobody has submitted yet
			if r.lose(); restored {
				r.copyQueue(r.queue+".old", r.queue)
			}

			refused := r.run(nightly...).want(t, exit.Usage)
			told := r.adoptAsTold(refused).want(t, exit.OK)
			if more := r.air.Posts() - posts; more != 0 {
				t.Fatalf("adopt sent %d POSTs", more)
			}
			if restored {
				told.says(t, "193 jobs: 63 adopted, 130 known before")
			} else {
				told.says(t, "193 jobs: 193 adopted")
				r.agreed("nightly")
			}
			s3.write("five", clips(0, 5)...) // before four was sent
			r.run(nightly...).want(t, exit.OK)
			r.agreed("nightly")
			for _, key := range clips(0, 10) {
				jobs[key]++
			}
			if got := r.jobsOf(); !maps.Equal(got, jobs) {
				t.Errorf("jobs: got %v, want %v", got, jobs)
			}
		})
	}
}

// A report whose rows are versions is a manifest like any other report.
func TestReportOfVersions(t *testing.T) {
	t.Parallel()
	var refuse atomic.Bool
	r := newRig(t, airtest.Config{SourceExists: func(_, key string) bool { return !refuse.Load() || key > "reel/0002" }})
	s3 := r.withBucket()
	s3.write("one", clips(0, 5)...)
	r.run("run", "s3://archive/", "--changed", "--batch", "b").want(t, exit.OK)
	s3.write("two", clips(0, 4)...)
	refuse.Store(true)
	r.run("run", "s3://archive/", "--changed", "--batch", "b").want(t, exit.Incomplete)
	var states []string
	for _, row := range r.report("b") {
		states = append(states, row["key"]+" "+row["state"])
	}
	want := []string{"reel/0000.mov submitted", "reel/0001.mov submitted", "reel/0002.mov submitted", "reel/0003.mov submitted", "reel/0004.mov submitted",
		"reel/0000.mov failed", "reel/0001.mov failed", "reel/0002.mov submitted", "reel/0003.mov submitted"}
	if !slices.Equal(states, want) {
		t.Errorf("report: got %q, want %q", states, want)
	}
	r.run("report", "b", "-o", "whole.csv").want(t, exit.OK)
	r.run("report", "b", "--state", "failed", "-o", "failed.csv").want(t, exit.OK)
	refuse.Store(false)
	r.run("run", "whole.csv", "--dry-run").want(t, exit.OK).says(t, "2 added", "7 skipped: already sent")
	r.run("run", "failed.csv").want(t, exit.OK)
	if got := r.jobsOf(); got["reel/0000.mov"] != 2 || got["reel/0004.mov"] != 1 || r.air.Accepted() != 9 {
		t.Errorf("jobs: got %v", got)
	}
	// A report that is no longer true is found out: the rows name the items, and these were sent meanwhile.
	r.run("report", "b", "--state", "failed", "-o", "stale.csv").want(t, exit.OK)
	r.run("retry", "b", "--key", "**/0001.mov").want(t, exit.OK)
	r.run("submit", "b").want(t, exit.Incomplete)
	r.run("run", "stale.csv").want(t, exit.Usage).says(t, `1 of the first 2 items were submitted already, under the batch "b"`)
	r.run("cancel", "b", "--all").want(t, exit.OK)
	s3.write("two", clips(0, 4)...)
	r.run("run", "s3://archive/", "--changed", "--batch", "b").want(t, exit.OK)
	if got := r.air.Accepted(); got != 10 {
		t.Errorf("jobs: got %d, want no more than 10", got)
	}
}

func TestSinceBatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withBucket()
	s3.write("one", clips(0, 40)...)
	r.run("run", "s3://archive/reel/000", "--batch", "first").want(t, exit.OK)                                              // 0 to 9
	r.run("run", "s3://archive/reel/001", "--batch", "second", "--max-items", "4", "--workers", "1").want(t, exit.WorkLeft) // 10 to 13
	all := []string{"run", "s3://archive/", "--since-batch", "first", "--since-batch", "second"}
	for _, c := range [][]string{{"--since-batch", "third"}, {"--since-batch", "first", "--batch", "first"}} {
		r.run(append(all, c...)...).want(t, exit.Usage).says(t, "--since-batch")
	}
	r.run(append(all, "--since-batch", "third")...).want(t, exit.Usage).says(t, `no batch "third"`, `"first" "second"`)
	r.run(append(all, "--dry-run")...).want(t, exit.OK).says(t, "26 added", "10 skipped: in batch first", "4 skipped: in batch second", "not finished")
	// The batch is not named: that its first objects were sent under others is no reason to refuse it.
	r.run(append(all, "--strict")...).want(t, exit.OK).says(t, "26 added", "10 skipped: in batch first", "4 skipped: in batch second")
	for key, n := range r.jobsOf() {
		if n != 1 {
			t.Errorf("%s: got %d jobs", key, n)
		}
	}
	if got := r.air.Accepted(); got != 40 {
		t.Errorf("jobs: got %d, want 40", got)
	}
	r.run("check").want(t, exit.OK)
	// With --changed, what the other batch sent is left out only as it was then.
	s3.write("two", clips(0, 3)...)
	s3.write("one", clips(40, 1)...)
	r.run("run", "s3://archive/reel/000", "--batch", "third", "--since-batch", "first").want(t, exit.OK).says(t, "10 skipped: in batch first")
	r.run("run", "s3://archive/reel/000", "--batch", "fourth", "--since-batch", "first", "--changed").want(t, exit.OK).says(t, "3 added", "7 skipped: in batch first")
	if got := r.air.Accepted(); got != 43 {
		t.Errorf("jobs: got %d, want 43", got)
	}
	r.setenv("AIRLIFT_QUEUE", r.queue+".other")
	r.run(all...).want(t, exit.Usage).says(t, "there is no queue")
	r.unsentSince(43)
}

// unsentSince fails the test if AiR has more POSTs than these.
func (r *rig) unsentSince(posts int) {
	r.t.Helper()
	if n := r.air.Posts(); n != posts {
		r.t.Errorf("POSTs: got %d, want %d", n, posts)
	}
}

// Answers that get lost are looked up by the name of the item's own job, not by that of the object's other items.
func TestLostAnswersOfVersions(t *testing.T) {
	t.Parallel()
	var posts atomic.Int64
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if !isPost(q) {
			return airtest.Fault{}
		}
		switch n := posts.Add(1); {
		case n > 10 && n%3 == 0:
			return airtest.Fault{Kind: airtest.CloseAfter}
		case n > 10 && n%3 == 1:
			return airtest.Fault{Kind: airtest.CloseBefore}
		}
		return airtest.Fault{}
	}})
	s3 := r.withBucket()
	for night := range 3 {
		s3.write(fmt.Sprint("contents of night ", night), clips(0, 10)...)
		r.run("run", "s3://archive/", "--changed", "--batch", "nightly", "--max-attempts", "20").want(t, exit.OK)
		r.agreed("nightly")
	}
	for key, n := range r.jobsOf() {
		if n != 3 {
			t.Errorf("%s: got %d jobs, want 3", key, n)
		}
	}
}

// A run that reads to the end before it sends ends in good order while it reads, and sends nothing.
func TestASignalWhileItReadsFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 20)
	r.run("run", m, "--batch", "b", "--max-items", "5").want(t, exit.WorkLeft)
	p := r.command("run", "-", "--format", "csv", "--batch", "b", "--changed")
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	p.Stderr = &stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("bucket,key\narchive,new.mov\n" + strings.Repeat("archive,new.mov\n", 10_000))); err != nil {
		t.Fatal(err)
	}
	r.awaitStatus("the new item", func(s summary) bool { return s.Items == 21 })
	_ = p.Process.Signal(syscall.SIGTERM)
	_ = p.Wait()
	if code := p.ProcessState.ExitCode(); code != exit.WorkLeft {
		t.Errorf("exit code %d, want %d\n%s", code, exit.WorkLeft, stderr.String())
	}
	r.unsentSince(5)
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.settled(21)
}

// A batch that left out what another one has is rebuilt after that one, and neither sends anything twice.
func TestAdoptAfterSinceBatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withBucket()
	s3.write("one", clips(0, 30)...)
	r.run("run", "s3://archive/reel/000", "--batch", "first").want(t, exit.OK)
	rest := []string{"run", "s3://archive/", "--batch", "rest", "--since-batch", "first"}
	r.run(append(rest, "--max-items", "15")...).want(t, exit.WorkLeft)
	r.lose()
	r.run(rest...).want(t, exit.Usage).says(t, "there is no queue", "airlift adopt")
	r.run("adopt", "first", "s3://archive/reel/000").want(t, exit.OK).says(t, "10 adopted")
	r.adoptAsTold(r.run(rest...).want(t, exit.Usage)).want(t, exit.OK).says(t, "15 adopted", "10 skipped: in batch first")
	r.run(rest...).want(t, exit.OK)
	r.agreed("first")
	r.agreed("rest")
	r.unsentSince(30)
}

// An audit tells the jobs of an object's items apart, and finds what is wrong with one of them.
func TestVerifyTellsVersionsApart(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withBucket()
	for _, contents := range []string{"one", "two", "three"} {
		s3.write(contents, clips(0, 3)...)
		r.run("run", "s3://archive/", "--changed", "--batch", "b").want(t, exit.OK)
	}
	r.agreed("b")
	second := r.air.Jobs()[4] // of the contents two
	again := air.NewJob{Name: second.Name, Batch: second.Batch, Services: second.Services, Source: second.Source, Destination: second.Destination}
	twin := r.air.Plant(again)
	again.Name = second.Name[:len(second.Name)-16] + "0123456789abcdef" // of contents that the queue never had
	foreign := r.air.Plant(again)
	got := r.run("reconcile", "b", "--verify", "--json").want(t, exit.Incomplete).audited(t)
	var found []string
	for _, f := range got.Audit.Findings {
		found = append(found, fmt.Sprint(f.Kind, f.JobID, f.Listed))
	}
	slices.Sort(found)
	want := []string{fmt.Sprint("two_jobs", second.ID, []string{second.ID, twin}), fmt.Sprint("unknown_object", "", []string{foreign})}
	if !slices.Equal(found, want) || got.Audit.Jobs != 11 {
		t.Errorf("got %+v, want %q", got.Audit, want)
	}
}

// A source that tells sizes in another way than the one before does not submit the archive once more.
func TestChangesOfMostObjectsAreDoubted(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withBucket()
	s3.write("some contents", clips(0, 250)...)
	nightly := []string{"run", "s3://archive/", "--batch", "b", "--changed"}
	r.run(nightly...).want(t, exit.OK)
	m := "bucket,key,size\n"
	for _, key := range clips(0, 250) {
		m += "archive," + key + ",1\n" // kilobytes
	}
	wrong := r.file("m.csv", m)
	for _, more := range []string{"--strict", "--dry-run"} {
		r.run("run", wrong, "--batch", "b", "--changed", more).want(t, exit.Usage).says(t, "250 of the first 250 objects", "--trust-changes")
	}
	r.run("run", wrong, "--batch", "b").want(t, exit.OK)
	r.settled(250)
	s3.write("other contents", clips(0, 99)...)
	r.run(nightly...).want(t, exit.OK).says(t, "99 added + 151 known")
	s3.write("third contents", clips(0, 126)...)
	r.run(nightly...).want(t, exit.Usage)
	r.run(append(nightly, "--trust-changes")...).want(t, exit.OK).says(t, "126 added + 124 known")
	r.agreed("b")
}

// A changed object is judged anew: one that has no services any more is rejected, not sent without them.
func TestChangedObjectWithoutServices(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_SERVICES", "")
	s3 := r.withBucket()
	var audio []string
	for i := range intake.FirstItems {
		audio = append(audio, fmt.Sprintf("a/%04d.wav", i))
	}
	s3.write("one", append(audio, "z.mov")...)
	both := r.file("both.toml", "[[rule]]\ntypes = [\"audio\"]\nservices = \"s2t\"\n[[rule]]\ntypes = [\"video\"]\nservices = \"ocr\"\n")
	less := r.file("less.toml", "[[rule]]\ntypes = [\"audio\"]\nservices = \"s2t\"\n")
	nightly := []string{"run", "s3://archive/", "--batch", "b", "--changed", "--config"}
	r.run(append(nightly, both)...).want(t, exit.OK)
	s3.write("two", "a/0000.wav", "z.mov")
	r.run(append(nightly, less)...).want(t, exit.Incomplete).says(t, "z.mov", "no services")
	r.status().books(t, 1, intake.FirstItems-1, 0, 1, 0)
	r.run(append(nightly, both)...).want(t, exit.OK)
	r.agreed("b")
	if got := r.air.Posts(); got != intake.FirstItems+3 {
		t.Errorf("POSTs: got %d, want %d", got, intake.FirstItems+3)
	}
}
