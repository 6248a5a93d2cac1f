package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// byHand makes a job of the batch as somebody does who does not use airlift.
func (r *rig) byHand(batch, name, key string) string {
	return r.air.Plant(air.NewJob{
		Name: name, Batch: batch, Services: []byte(`{"ocr":""}`), Source: air.Source{Bucket: "archive", ObjectKey: key},
		Destination: air.Destination{Bucket: "results", Region: "us-east-1"},
	})
}

// A lost queue, an object that has left the source since, and jobs made by hand: one adoption ends the trouble, and what
// returns to the source gets no second job.
func TestAdoptTakesInWhatNoSourceShows(t *testing.T) {
	t.Parallel()
	for _, batch := range []string{"b", "2024 Q1 été"} {
		t.Run(batch, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			whole := r.manifest("whole.csv", 20)
			r.run("run", whole, "--batch", batch, "--max-items", "12").want(t, exit.WorkLeft)
			gone := r.air.Jobs()[3]
			rows := strings.ReplaceAll(readFile(t, whole), "archive,"+gone.Source.ObjectKey+"\n", "")
			m := r.file("archive.csv", rows)
			hand := r.byHand(batch, "tape 7", "by hand/tape 7.mov")
			r.lose()

			run := []string{"run", m, "--batch", batch}
			refused := r.run(run...).want(t, exit.Usage)
			r.adoptAsTold(refused).want(t, exit.OK).says(t, "13 jobs: 13 adopted, 0 known", "2 of the adopted are for objects that no source shows",
				gone.Source.ObjectKey, gone.ID, "by hand/tape 7.mov", hand, "queue and AiR agree")
			adopted := r.report(batch)
			r.run("adopt", batch, m).want(t, exit.OK).says(t, "0 adopted, 13 known")
			if again := r.report(batch); fmt.Sprint(again) != fmt.Sprint(adopted) {
				t.Errorf("a second adoption changes the report:\n%v\n%v", adopted, again)
			}
			if posts := r.air.Posts(); posts != 12 {
				t.Errorf("POSTs: got %d, want those of the first run", posts)
			}
			r.run(run...).want(t, exit.OK).says(t, "2 of them adopted for objects that no source showed")
			r.run(run...).want(t, exit.OK)
			r.run("reconcile", "--verify").want(t, exit.OK).says(t, "21 jobs: 21 as the queue has them")
			if s := r.status(); s.Unsourced != 2 || s.Adopting || s.Rows != 19 || s.Known != 19 {
				t.Errorf("status: got %+v", s)
			}
			for _, row := range r.report(batch) {
				unsourced := row["key"] == gone.Source.ObjectKey || row["job_id"] == hand
				if (row["line"] == "0") != unsourced || row["state"] != "submitted" {
					t.Errorf("report: got %v", row)
				}
			}
			r.run("items", batch, "--key", "by hand/*").want(t, exit.OK).says(t, hand+"  s3://archive/by hand/tape 7.mov  # adopted, no source showed it")
			r.run("items", batch, "--json", "--key", "by hand/*").want(t, exit.OK).says(t, `"line":0,`, `"name":"tape 7"`, `"unsourced":true`)

			// Both objects are in the source again, one with fields of its own; and every reading after that knows them too.
			back := r.file("back.csv", "bucket,key,priority\narchive,by hand/tape 7.mov,7\narchive,"+gone.Source.ObjectKey+",\n")
			for range 2 {
				r.run("run", m, back, "--batch", batch).want(t, exit.OK).says(t, "0 added + 21 known + 0 duplicates + 0 rejected")
			}
			r.run("run", whole, "--batch", batch, "--changed").want(t, exit.OK).says(t, "0 added + 20 known")
			r.settled(21)
			if posts := r.air.Posts(); posts != 20 {
				t.Errorf("POSTs: got %d, want one for each object that airlift sent", posts)
			}
			r.run("report", batch, "-o", "report.csv").want(t, exit.OK)
			r.run("run", filepath.Join(r.dir, "report.csv"), "--batch", batch).want(t, exit.OK).says(t, "21 skipped")
		})
	}
}

// Items without a row have no fields of their own, and need none: all that are sent have.
func TestUnsourcedItemsNeedNoSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for _, name := range []string{"SERVICES", "DESTINATION_BUCKET", "DESTINATION_REGION"} {
		r.setenv("AIRLIFT_"+name, "")
	}
	m := r.file("rows.csv", "bucket,key,services,destination_bucket,destination_region\narchive,a.mov,ocr,out,us-east-1\narchive,b.mov,ocr,out,us-east-1\n")
	r.byHand("b", "x", "gone.mov")
	r.run("adopt", "b", m).want(t, exit.OK).says(t, "1 adopted")
	r.run("submit", "b").want(t, exit.OK)
	r.settled(3)
}

// A batch whose adoption did not end well is sent nothing of, by run and by submit, until one does, or the user says so.
func TestNothingIsSentUntilAnAdoptionEndsWell(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if broken.Load() && q.Query.Get("pageNumber") == "2" {
			return airtest.Fault{Kind: airtest.HTML502Before}
		}
		return airtest.Fault{}
	}})
	m := r.manifest("archive.csv", 6)
	r.run("run", m, "--batch", "b", "--max-items", "4").want(t, exit.WorkLeft)
	r.lose()
	broken.Store(true)
	r.run("adopt", "b", m, "--give-up", "0s").want(t, exit.Unexpected).says(t, "could not be read to its end")
	broken.Store(false)
	for _, args := range [][]string{{"run", m, "--batch", "b"}, {"submit"}, {"submit", "b"}} {
		r.run(args...).want(t, exit.Usage).says(t, "has not ended well", "nothing of it was sent", "airlift adopt b", "--trust-queue")
	}
	r.run("reconcile", "b").want(t, exit.OK)
	r.run("status").want(t, exit.OK).says(t, "an adoption was begun and has not ended well")
	if posts := r.air.Posts(); posts != 4 {
		t.Errorf("POSTs: got %d, want those of the first run", posts)
	}
	r.run("run", m, "--batch", "b", "--trust-queue").want(t, exit.OK)
	r.settled(6)
	r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "has not ended well") // it holds for that run alone
	r.adoptAsTold(r.run("run", m, "--batch", "b")).want(t, exit.OK)
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.settled(6)
}

// An adoption that is killed counts as one that did not end well, whatever it was doing: here before it read any job, so
// that there is nothing else from which a run could know.
func TestAKilledAdoptionIsRemembered(t *testing.T) {
	t.Parallel()
	var victim atomic.Pointer[process]
	dead := make(chan struct{})
	var hidden atomic.Bool
	var lists atomic.Int64
	r := newRig(t, airtest.Config{
		OnRequest: func(q airtest.Request) {
			if p := victim.Load(); p != nil && lists.Add(1) == 2 { // the first is whether there are any
				p.signal(syscall.SIGKILL)
				<-dead
			}
		},
		EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
			if hidden.Load() {
				return nil
			}
			return page
		},
	})
	m := r.manifest("archive.csv", 5)
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.lose()
	p := r.start("adopt", "b", m, "--settle", "2s") // so long that it is known before it lists
	victim.Store(p)
	killed := p.wait()
	victim.Store(nil)
	close(dead)
	if killed.code != -1 {
		t.Fatalf("exit code %d, want a kill\n%s", killed.code, killed.stderr)
	}
	hidden.Store(true) // the match check sees nothing
	r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "has not ended well", "airlift adopt b")
	hidden.Store(false)
	r.run("adopt", "b", m).want(t, exit.OK).says(t, "5 adopted")
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.settled(5)
}

// jobsApart is how far apart planted jobs are: the sandbox's clock goes on meanwhile, and far less than that.
const jobsApart = time.Hour

// plantJobs gives the first n objects of a manifest their jobs, so far apart but for one that is made with the one
// before it.
func (r *rig) plantJobs(batch string, n, tie int) {
	for i := range n {
		if i != tie {
			r.air.Advance(jobsApart)
		}
		it := queue.Item{Bucket: "archive", Key: fmt.Sprintf("reel/clip-%05d.mov", i)}
		r.byHand(batch, queue.JobName(batch, it), it.Key)
	}
}

// Lists that are not at rest: a tie that turns with each request, and old jobs that leave as the sandbox's clock goes on.
// What adopt says then is true, and the next run makes no second job.
func TestAdoptionsOfListsThatMove(t *testing.T) {
	t.Parallel()
	const jobs, items = 2600, 2610
	for name, c := range map[string]struct {
		settings airtest.Settings
		leave    bool
	}{
		"one tie that turns":      {settings: airtest.Settings{TurningTies: airtest.Duration(time.Second)}},
		"seven old jobs leave":    {settings: airtest.Settings{Retention: airtest.Duration((jobs + 1) * jobsApart)}, leave: true},
		"both, and shorter pages": {settings: airtest.Settings{TurningTies: airtest.Duration(time.Second), Retention: airtest.Duration((jobs + 1) * jobsApart), PageCap: 60}, leave: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r *rig
			var reading atomic.Bool
			var gone atomic.Int64
			r = newRig(t, airtest.Config{Settings: c.settings, OnRequest: func(q airtest.Request) {
				if c.leave && reading.Load() && !isPost(q) && q.Query.Get("pageNumber") == "2" && q.Query.Get("name") == "" && gone.Load() == 0 {
					gone.Store(7)
					r.air.Advance(9 * jobsApart) // the seven oldest, which page 1 has shown
				}
			}})
			m := r.manifest("archive.csv", items)
			r.plantJobs("b", jobs, 1300)
			r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "airlift adopt b")
			reading.Store(true)
			r.run("adopt", "b", m).want(t, exit.OK).says(t, fmt.Sprintf("%s adopted", term.Number(jobs)), "queue and AiR agree")
			reading.Store(false)
			r.run("run", m, "--batch", "b").want(t, exit.OK)
			r.settled(items)
			if posts := r.air.Posts(); posts != items-jobs {
				t.Errorf("POSTs: got %d, want %d", posts, items-jobs)
			}
			got := r.run("reconcile", "b", "--verify", "--json")
			left := int64(0)
			if c.leave {
				left = 7
			}
			if a := got.audited(t).Audit; a.NotListed != left || a.Found() != left || !a.Complete {
				t.Errorf("verified: got %+v, want %d not listed and nothing else", a.Tally, left)
			}
		})
	}
}

// A verification tells of a job that the queue does not know, and of one that AiR does not list, of a list that moves.
func TestVerifyTellsTheTruthOfAListThatMoves(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{TurningTies: airtest.Duration(time.Hour)}})
	m := r.manifest("archive.csv", 320)
	r.run("run", m, "--batch", "b", "--max-items", "310").want(t, exit.WorkLeft)
	for range 3 {
		r.run("reconcile", "b", "--verify").want(t, exit.OK).says(t, "310 jobs: 310 as the queue has them", "looked up by name", "queue and AiR agree")
	}
	it := queue.Item{Bucket: "archive", Key: "reel/clip-00315.mov"}
	early := r.byHand("b", queue.JobName("b", it), it.Key)
	hand := r.byHand("b", "x", "by hand.mov")
	r.run("reconcile", "b", "--verify").want(t, exit.Incomplete).says(t, "not submitted", early, "unknown object", hand, "by hand.mov")
	r.air.Forget(2)
	r.run("reconcile", "b", "--verify").want(t, exit.Incomplete).says(t, "2 items are submitted, but AiR does not list their job", "1 items have a job that the queue does not know")
	r.run("adopt", "b", m).want(t, exit.OK).says(t, "2 adopted")
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	if dup := r.air.Duplicates(); len(dup) > 0 || r.air.Accepted() != 321 {
		t.Errorf("%d jobs, want 321; twice: %v", r.air.Accepted(), dup)
	}
}

// A batch is told from a mistyped one however many jobs of others stand before its own, on pages of whatever length.
func TestAdoptFindsItsBatchBehindOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{PageCap: 25}, EditQuery: func(q url.Values) { q.Del("batch") }})
	m := r.manifest("archive.csv", 3)
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.lose()
	for i := range 60 {
		r.byHand("b of others", fmt.Sprint(i), fmt.Sprint(i))
	}
	r.run("adopt", "c", m).want(t, exit.Usage).says(t, "no job of batch")
	r.noQueue()
	r.run("adopt", "b", m).want(t, exit.OK).says(t, "3 adopted", "queue and AiR agree")
	if s := r.status(); s.Submitted != 3 || s.Unsourced != 0 {
		t.Errorf("got %+v, want three submitted", s)
	}
}
