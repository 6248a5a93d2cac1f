package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/service"
)

// lose moves the queue away and returns where it is.
func (r *rig) lose() string {
	r.t.Helper()
	kept := r.queue + ".lost"
	if err := os.Rename(r.queue, kept); err != nil {
		r.t.Fatal(err)
	}
	return kept
}

// copyQueue puts a copy of one queue file in the place of another.
func (r *rig) copyQueue(from, to string) {
	r.t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// adoptCommand is the line that the match check names.
var adoptCommand = regexp.MustCompile(`(?m)^  (airlift adopt .*)$`)

// adoptAsTold runs the command line that a refused run has named, by a shell, as a user does who copies it.
func (r *rig) adoptAsTold(refused result) result {
	r.t.Helper()
	line := adoptCommand.FindStringSubmatch(refused.stderr)
	if line == nil {
		r.t.Fatalf("no `airlift adopt` in:\n%s", refused.stderr)
	}
	cmd := exec.Command("/bin/sh", "-c", strings.Replace(line[1], "airlift", binary, 1))
	cmd.Dir, cmd.Env = r.dir, r.env
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			r.t.Fatalf("%s: %v", line[1], err)
		}
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), stderr.String()}
}

// audited returns the audit of a summary in JSON.
func (g result) audited(t *testing.T) (s struct {
	summary
	Audit struct{ service.AuditResult } `json:"audit"`
}) {
	t.Helper()
	if err := json.Unmarshal([]byte(g.stdout), &s); err != nil {
		t.Fatalf("%v in %s", err, g.stdout)
	}
	return s
}

func TestALostQueueIsRebuiltByTheCommandThatRunNames(t *testing.T) {
	t.Parallel()
	const items, sent = 250, 130
	for name, args := range map[string][]string{
		"a default batch":          nil,
		"an id that a shell reads": {"--batch", `it's "mine" & $HOME`},
		"flags on the line":        {"--batch", "b", "--exclude", "*.never", "--exclude", "a b", "--source-region", "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			m := r.manifest("the archive.csv", items)
			run := append([]string{"run", m}, args...)
			r.run(append(run, "--max-items", fmt.Sprint(sent))...).want(t, exit.WorkLeft)
			r.lose()
			refused := r.run(run...).want(t, exit.Usage)
			r.adoptAsTold(refused).want(t, exit.OK).says(t, fmt.Sprintf("%d jobs: %d adopted", sent, sent), "queue and AiR agree")
			if got := r.air.Posts(); got != sent {
				t.Errorf("adopt sent something: %d POSTs, want %d", got, sent)
			}
			r.run(run...).want(t, exit.OK)
			r.settled(items)
			if got := r.air.Posts(); got != items {
				t.Errorf("POSTs: got %d, want %d", got, items)
			}
			r.run("reconcile", "--verify").want(t, exit.OK).says(t, fmt.Sprintf("%d jobs: %d as the queue has them", items, items))
		})
	}
}

// An old copy of the queue has items that are pending, failed, cancelled and in doubt, and all of them have a job since.
func TestAnOldCopyOfTheQueueIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	const items = 60
	var later atomic.Bool
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		switch key := q.Job.Source.ObjectKey; {
		case later.Load() || !isPost(q):
		case strings.HasSuffix(key, "3.mov"):
			return airtest.Fault{Kind: airtest.Reject400}
		case strings.HasSuffix(key, "4.mov"):
			return airtest.Fault{Kind: airtest.HangAfter}
		}
		return airtest.Fault{}
	}})
	m := r.manifest("archive.csv", items)
	r.run("run", m, "--timeout", "300ms", "--settle", "1h", "--max-items", "30", "--workers", "16", "--max-failures", "off").want(t, exit.WorkLeft)
	batch := r.status().Batch
	r.run("cancel", batch, "--key", "**/*5.mov").want(t, exit.OK)
	old := r.status()
	if old.Failed != 3 || old.InDoubt != 3 || old.Cancelled == 0 || old.Pending == 0 {
		t.Fatalf("the copy was to have every kind of item: %+v", old)
	}
	r.copyQueue(r.queue, r.queue+".old")
	later.Store(true)
	r.run("retry", batch).want(t, exit.OK)
	r.run("retry", batch, "--state", "cancelled").want(t, exit.OK)
	r.run("run", m).want(t, exit.OK)
	r.settled(items)
	posts := r.air.Posts()

	r.copyQueue(r.queue+".old", r.queue)
	r.run("run", m).want(t, exit.Usage).says(t, "airlift adopt")
	r.run("adopt", batch, m).want(t, exit.OK)
	r.run("run", m).want(t, exit.OK)
	r.settled(items)
	if got := r.air.Posts(); got != posts {
		t.Errorf("%d POSTs after the adoption, want none", got-posts)
	}
}

// What does not fit is reported with all ids, nothing of it is sent, and the same command says the same again.
func TestAdoptReportsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 20)
	r.run("run", m, "--batch", "b", "--max-items", "10").want(t, exit.WorkLeft)
	first := r.air.Jobs()[3]
	again := air.NewJob{Name: first.Name, Batch: first.Batch, Services: first.Services, Source: first.Source, Destination: first.Destination}
	second, third := r.air.Plant(again), ""
	foreign := again
	foreign.Source.ObjectKey = "in no source.mov"
	third = r.air.Plant(foreign)
	other := again
	other.Batch = "b-2"
	r.air.Plant(other)

	r.lose()
	r.run("adopt", "b", m).want(t, exit.Incomplete).says(t, "11 adopted, 0 known", "two jobs", first.ID, second, "no source shows", third, "in no source.mov")
	r.run("adopt", "b", m).want(t, exit.Incomplete).says(t, "0 adopted, 11 known", "two jobs", first.ID, second)
	got := r.run("adopt", "b", m, "--json").want(t, exit.Incomplete).audited(t)
	if v := got.Audit; v.TwoJobs != 1 || v.Unknown != 0 || v.Jobs != 12 || !v.Complete || len(v.Findings) != 1 || got.Submitted != 11 || got.Unsourced != 1 {
		t.Errorf("got %+v", got)
	}
	if posts := r.air.Posts(); posts != 10 {
		t.Errorf("POSTs: got %d, want those of the first run", posts)
	}
	// With the source that was missing nothing more is adopted, and the run goes on: two jobs are two whatever is sent.
	extra := r.file("extra.csv", "bucket,key\narchive,in no source.mov\n")
	r.run("adopt", "b", m, extra).want(t, exit.Incomplete).says(t, "0 adopted")
	r.run("run", m, extra, "--batch", "b").want(t, exit.OK)
	if posts := r.air.Posts(); posts != 20 {
		t.Errorf("POSTs: got %d, want one for each of the 20 objects", posts)
	}
}

// An adoption that is cut short, by a kill or by a list that breaks off, is continued by the same command, and a run in
// between sends nothing.
func TestACutAdoptionIsContinued(t *testing.T) {
	t.Parallel()
	const items = 450
	var broken atomic.Bool
	var victim atomic.Pointer[process]
	dead := make(chan struct{})
	r := newRig(t, airtest.Config{
		Script: func(q airtest.Request) airtest.Fault {
			if broken.Load() && q.Query.Get("pageNumber") == "4" {
				return airtest.Fault{Kind: airtest.HTML502Before}
			}
			return airtest.Fault{}
		},
		OnRequest: func(q airtest.Request) {
			if p := victim.Load(); p != nil && q.Query.Get("pageNumber") == "2" {
				p.signal(syscall.SIGKILL)
				<-dead
			}
		},
	})
	m := r.manifest("archive.csv", items+50)
	r.run("run", m, "--batch", "b", "--max-items", fmt.Sprint(items)).want(t, exit.WorkLeft)
	r.lose()

	p := r.start("adopt", "b", m, "--settle", "2s") // so long that it is known before it lists
	victim.Store(p)
	killed := p.wait()
	victim.Store(nil)
	close(dead)
	if killed.code != -1 {
		t.Fatalf("exit code %d, want a kill\n%s", killed.code, killed.stderr)
	}
	r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "airlift adopt b", "has not ended well")

	broken.Store(true)
	got := r.run("adopt", "b", m, "--give-up", "0s").want(t, exit.Unexpected).says(t, "could not be read to its end", "run the same command again", "there may be more jobs")
	if strings.Contains(got.stdout, "agree") {
		t.Errorf("it claims to be complete:\n%s", got.stdout)
	}
	if s := r.status(); s.Submitted != 300 {
		t.Errorf("submitted: got %d, want the 300 of the pages that were read", s.Submitted)
	}
	r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "airlift adopt b", "has not ended well")
	broken.Store(false)

	r.run("adopt", "b", m).want(t, exit.OK).says(t, "150 adopted, 300 known")
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.settled(items + 50)
	if posts := r.air.Posts(); posts != items+50 {
		t.Errorf("POSTs: got %d, want %d", posts, items+50)
	}
}

func TestAdoptEndsInGoodOrder(t *testing.T) {
	t.Parallel()
	asked := &tally{}
	r := newRig(t, airtest.Config{OnRequest: func(q airtest.Request) {
		if !isPost(q) {
			asked.add()
		}
	}})
	m := r.manifest("archive.csv", 5)
	r.run("run", m, "--batch", "b").want(t, exit.OK)
	r.lose()
	before := asked.count()
	p := r.start("adopt", "b", m, "--settle", "1h")
	await(t, asked.reached(before+1), "the first page")
	p.signal(syscall.SIGTERM)
	if got := p.wait(); got.code != exit.WorkLeft {
		t.Errorf("exit code %d, want %d\n%s", got.code, exit.WorkLeft, got.stderr)
	}
	r.run("adopt", "b", m).want(t, exit.OK)
	r.settled(5)
}

func TestAdoptRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 5)
	r.run("adopt").want(t, exit.Usage).says(t, "BATCH")
	r.run("adopt", m).want(t, exit.Usage).says(t, "BATCH")
	r.run("adopt", "b", filepath.Join(r.dir, "none.csv")).want(t, exit.Usage).says(t, "there is no file")
	r.run("adopt", "b", m, "--batch", "c").want(t, exit.Usage).says(t, `"b"`, `"c"`)
	r.run("adopt", "b", m).want(t, exit.Usage).says(t, "no job of batch", "nothing was stored")
	r.noQueue()
	url := r.url
	r.setenv("AIRLIFT_AIR_URL", "")
	r.setenv("WASABI_ACCESS_KEY", "")
	r.setenv("WASABI_SECRET_KEY", "")
	r.run("adopt", "b", m).want(t, exit.Usage).says(t, "--air-url", "WASABI_ACCESS_KEY")
	r.setenv("AIRLIFT_AIR_URL", url)
	r.setenv("WASABI_ACCESS_KEY", "wrong-access-key")
	r.setenv("WASABI_SECRET_KEY", "wrong-secret-key")
	r.run("adopt", "b", m).want(t, exit.Credentials).says(t, "401")
	r.noQueue()
	r.unsent()
}
