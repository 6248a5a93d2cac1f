package main

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

var diskFaults = flag.Int("diskfaults", 20, "at how many points of runs the disk fails in TestDiskFaults")

// diskFault is a call that fails in a run: the n-th of one of its threads, or from that on each.
type diskFault struct {
	call, errno string
	n           int
	lasting     bool
}

func (f diskFault) String() string {
	s := fmt.Sprintf("%s:error=%s:when=%d", f.call, f.errno, f.n)
	if f.lasting {
		s += "+"
	}
	return s
}

// faulty is what a command did on a disk that fails.
type faulty struct {
	result
	struck bool // the fault came
	posts  int  // all it sent, and those it sent after the fault
	late   int
}

// runFaulty runs a command on a disk that fails.
func (r *rig) runFaulty(f diskFault, args ...string) faulty {
	r.t.Helper()
	trace := filepath.Join(r.t.TempDir(), "strace")
	p := &process{r: r, cmd: exec.Command("strace", append([]string{
		"-f", "--seccomp-bpf", "-s", "6", "-o", trace, "-e", "trace=pwrite64,fdatasync,write", "-e", "inject=" + f.String(), binary,
	}, args...)...)}
	p.cmd.Dir, p.cmd.Env = r.dir, r.env
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if err := p.cmd.Start(); err != nil {
		r.t.Errorf("start strace: %v", err)
		return faulty{}
	}
	got := faulty{result: p.wait()}
	text, err := os.ReadFile(trace)
	if err != nil {
		r.t.Errorf("%v: %v", f, err)
	}
	for line := range bytes.Lines(text) {
		switch {
		case bytes.HasSuffix(line, []byte("(INJECTED)\n")):
			got.struck = true
		case bytes.Contains(line, []byte(`"POST /"`)):
			if got.posts++; got.struck {
				got.late++
			}
		}
	}
	return got
}

// needStrace skips the test where programs cannot be traced.
func needStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, failing disks are not tested: this needs strace: %v %s", err, out)
	}
}

// faultsOf are the points at which the disk fails in the runs on one queue: early ones, while it is made and read into,
// and later ones, while jobs are sent.
func faultsOf(chain, count int) []diskFault {
	rng := rand.New(rand.NewPCG(1, uint64(chain)))
	list := make([]diskFault, count)
	for i := range list {
		f := diskFault{call: []string{"fdatasync", "pwrite64"}[i%2], errno: []string{"EIO", "ENOSPC"}[i/2%2], lasting: rng.IntN(3) == 0}
		switch {
		case i < 2:
			f.n = 1 + (chain*2+i)/2 // while the queue is made
		case f.call == "fdatasync":
			f.n = 1 + rng.IntN(20)
		default:
			f.n = 1 + rng.IntN(90)
		}
		list[i] = f
	}
	return list
}

// TestDiskFaults lets one call after another fail in runs on the same queues. Each such run sends nothing more than what
// was claimed by then, exits with 1, and names the file and the remedy; on a sound disk the same command finishes with one
// job per object. -diskfaults says at how many points.
func TestDiskFaults(t *testing.T) {
	needStrace(t)
	t.Parallel()
	const perChain, workers, items = 10, 8, 1500
	var struck, sent, late atomic.Int64
	var worst [2]atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for chain := range (*diskFaults + perChain - 1) / perChain {
		all.Go(func() {
			// Every other queue is worked on without claims made ahead.
			r, rate, most := newRig(t, airtest.Config{}), "unlimited", 4*workers
			if chain%2 == 1 {
				rate, most = "100/s", workers
			}
			args := []string{"run", r.manifest("m.csv", items), "--workers", fmt.Sprint(workers), "--rate", rate}
			for _, f := range faultsOf(chain, perChain) {
				before := r.air.Posts()
				got := r.runFaulty(f, args...)
				for ; !got.struck && got.code == exit.OK && f.n > 1; f.n /= 2 {
					got = r.runFaulty(f, args...) // no thread made as many calls
				}
				struck.Add(1)
				if sent.Add(int64(got.posts)); got.late > 0 {
					late.Add(int64(got.late))
				}
				for w := &worst[chain%2]; ; {
					if old := w.Load(); old >= int64(got.late) || w.CompareAndSwap(old, int64(got.late)) {
						break
					}
				}
				switch {
				case !got.struck || got.code != exit.Unexpected:
					t.Errorf("queue %d, %v: struck %v, exit code %d, want %d\n%s", chain, f, got.struck, got.code, exit.Unexpected, got.stderr)
				case !strings.Contains(got.stderr, r.queue) || !strings.Contains(got.stderr, "see to the disk"):
					t.Errorf("queue %d, %v: the message lacks the file or the remedy:\n%s", chain, f, got.stderr)
				}
				if n := r.air.Posts() - before; n != got.posts {
					t.Errorf("queue %d, %v: AiR got %d POSTs, the trace has %d", chain, f, n, got.posts)
				}
				if got.late > most {
					t.Errorf("queue %d, %v: %d POSTs after the fault, want at most the %d that were claimed by then", chain, f, got.late, most)
				}
			}
			if got := r.run("run", args[1], "--rate", "unlimited"); got.code != exit.OK {
				t.Errorf("queue %d: the run on a sound disk: exit code %d\n%s", chain, got.code, got.stderr)
				return
			}
			r.settled(items)
		})
	}
	all.Wait()
	t.Logf("%d faults in %.1fs: %d POSTs in those runs, %d after the fault (at most %d in a run; %d without claims ahead)",
		struck.Load(), time.Since(began).Seconds(), sent.Load(), late.Load(), worst[0].Load(), worst[1].Load())
}
