package powerloss_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/bolt/powerloss"
	"airlift/queue/queuetest"
)

var (
	images = flag.Int("images", 300, "how many images of a power loss to open")
	seed   = flag.Uint64("seed", 0, "of the workload and the images; 0: a new one")
)

// The environment of the program that is recorded.
const (
	envPhase = "POWERLOSS_PHASE"
	envQueue = "POWERLOSS_QUEUE"
	envSteps = "POWERLOSS_STEPS"
	envSeed  = "POWERLOSS_SEED"
)

func TestMain(m *testing.M) {
	phase := phase{name: os.Getenv(envPhase)}
	if phase.name == "" {
		os.Exit(m.Run())
	}
	var seed uint64
	_, err := fmt.Sscan(os.Getenv(envSteps)+" "+os.Getenv(envSeed), &phase.steps, &seed)
	if err == nil {
		err = workload(phase, os.Getenv(envQueue), seed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// queueName is where the workload has its queue, in folders that the queue must make.
const queueName = "state/airlift/queue.db"

// phase is a program that is recorded.
type phase struct {
	name  string
	steps int
	// kill, if not 0, ends it as it begins its n-th fsync; the machine goes on.
	kill int
}

// scenarios are programs that run one after another on one disk.
func scenarios() [][]phase {
	const some, many = 8, 60
	list := [][]phase{{
		{name: "crash", steps: many}, {name: "compact"}, {name: "work", steps: many}, {name: "crash", steps: many}, {name: "compact"},
	}}
	// Killed while it creates the queue, or compacts it, between a name's change and its sync too: what the next one then
	// acknowledges must be as safe.
	compacts := []phase{{name: "crash", steps: some}}
	for n := 1; n <= 7; n++ {
		list = append(list, []phase{{name: "open", kill: n}, {name: "work", steps: some}})
		if n <= 4 {
			compacts = append(compacts, phase{name: "compact", kill: n}, phase{name: "crash", steps: some})
		}
	}
	return append(list, compacts)
}

// recording is a scenario that was recorded.
type recording struct {
	log     *powerloss.Log
	history *history
	spans   []span // the places that are cut, each of them as often as the others, however long
}

// span is the places from one to before another.
type span struct{ from, to int }

// cut is a place in a recording.
type cut struct {
	*recording
	place int
}

// TestPowerLoss records workloads, cuts the power at many places, and opens what the disk may hold then: it opens, it is
// sound, and each batch is exactly what was acknowledged last, or what was under way.
func TestPowerLoss(t *testing.T) {
	if err := powerloss.Available(); err != nil {
		t.Skipf("SKIPPED, power loss is not tested: this needs strace: %v", err)
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	began := time.Now()
	var recordings []*recording
	for i, s := range scenarios() {
		recordings = append(recordings, record(t, i, s))
	}
	t.Logf("recorded in %.1fs", time.Since(began).Seconds())

	// Half of the images are of the long scenario; the others share the rest.
	rng := rand.New(rand.NewPCG(*seed, 0))
	cuts := make([]cut, *images)
	for i := range cuts {
		r := recordings[0]
		if i%2 == 1 {
			r = recordings[1+i/2%(len(recordings)-1)]
		}
		s := r.spans[rng.IntN(len(r.spans))]
		cuts[i] = cut{r, s.from + rng.IntN(s.to-s.from)}
	}
	slices.SortFunc(cuts, func(a, b cut) int {
		return cmp.Or(slices.Index(recordings, a.recording)-slices.Index(recordings, b.recording), a.place-b.place)
	})
	began = time.Now()
	var next, absent, lossy, failed atomic.Int64
	var crew sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		crew.Go(func() {
			var disk *powerloss.Disk
			var of *recording
			for {
				i := int(next.Add(1)) - 1
				if i >= len(cuts) || failed.Load() >= 10 {
					return
				}
				c := cuts[i]
				if of != c.recording {
					of, disk = c.recording, powerloss.NewDisk(c.log)
				}
				disk.Advance(c.place)
				if disk.Loose() > 0 {
					lossy.Add(1)
				}
				missing, dir, err := open(disk.Image(rand.New(rand.NewPCG(*seed, uint64(i)))), c.history, c.place)
				if missing {
					absent.Add(1)
				}
				if err != nil {
					failed.Add(1)
					t.Errorf("image %d, scenario %d, power lost at %d of %d, kept in %s: %v",
						i, slices.Index(recordings, of), c.place, c.log.Len, dir, err)
				}
			}
		})
	}
	crew.Wait()
	t.Logf("%d images in %.1fs: %d with something to lose, %d from before the queue was there, %d wrong",
		min(len(cuts), int(next.Load())), time.Since(began).Seconds(), lossy.Load(), absent.Load(), failed.Load())
}

// record runs a scenario.
func record(t *testing.T, number int, phases []phase) *recording {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{log: powerloss.NewLog(root)}
	said := ""
	for i, p := range phases {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", envPhase+"="+p.name, envSteps+"="+fmt.Sprint(p.steps),
			envQueue+"="+filepath.Join(root, queueName), envSeed+"="+fmt.Sprint(*seed+uint64(i)))
		from, killed := r.log.Len, false
		if p.kill == 0 {
			err = r.log.Record(cmd)
		} else {
			killed, err = r.log.RecordKilled(cmd, "fsync", p.kill)
		}
		if err != nil {
			t.Fatalf("scenario %d: phase %d, %s: %v", number, i, p.name, err)
		}
		if said += " " + p.name; killed {
			said += fmt.Sprintf(" (killed at fsync %d)", p.kill)
		}
		if p.name == "compact" {
			r.spans = append(r.spans, span{from, r.log.Len})
		}
	}
	if r.history, err = newHistory(r.log.Acks); err != nil {
		t.Fatalf("scenario %d: %v", number, err)
	}
	t.Logf("scenario %d:%s: %d calls: %d writes, %d syncs, %d changes of names; %d acknowledgements",
		number, said, r.log.Len, r.log.Writes, r.log.Syncs, r.log.Names, len(r.log.Acks))
	whole := span{0, r.log.Len + 1}
	r.spans = append(r.spans, span{0, r.history.opened + 2}, whole, whole, whole)
	return r
}

// open makes the image's files, opens the queue in them and compares. If all is well the files are removed.
func open(im powerloss.Image, h *history, cut int) (absent bool, dir string, err error) {
	if !im.Has(queueName) {
		if h.opened >= 0 && h.opened < cut {
			err = errors.New("the queue is gone, though its creation was acknowledged")
		}
		return true, "(nothing)", err
	}
	if dir, err = os.MkdirTemp(memory(), "airlift-powerloss-*"); err != nil {
		return false, dir, err
	}
	if err := im.Write(dir); err != nil {
		return false, dir, err
	}
	path := filepath.Join(dir, queueName)
	if err := examine(path, h, cut); err != nil {
		_ = os.RemoveAll(filepath.Join(dir, "state")) // opening it has changed it
		return false, dir, errors.Join(err, im.Write(dir))
	}
	return false, dir, os.RemoveAll(dir)
}

// memory is a folder whose syncs cost nothing, if there is one.
func memory() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

func examine(path string, h *history, cut int) (err error) {
	ctx := context.Background()
	db, err := bolt.Open(path, bolt.Options{MustExist: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := sound(ctx, db); err != nil {
		return err
	}
	for w := range workers {
		var differences []error
		may := h.at(w, cut)
		for _, l := range may {
			d, err := l.differs(ctx, db, w)
			if err != nil {
				return err
			}
			if d != "" {
				differences = append(differences, fmt.Errorf("%s: %s", batchID(w), d))
			}
		}
		if len(differences) == len(may) {
			return errors.Join(differences...)
		}
	}
	// And one can go on with it: a page that is free and in use at once would show.
	id := batchID(0)
	if err := db.CreateBatch(ctx, queue.Batch{ID: id}); err != nil && !errors.Is(err, queue.ErrBatchExists) {
		return err
	}
	if _, err := db.Add(ctx, id, queue.Chunk{Items: []queue.Item{{Bucket: "archive", Key: "new"}}}); err != nil {
		return err
	}
	if _, err := queuetest.On(db).Claim(ctx, queue.ClaimRequest{Batches: []string{id}, Max: 5, Day: day}); err != nil {
		return err
	}
	return sound(ctx, db)
}

func sound(ctx context.Context, db *bolt.DB) error {
	report, err := db.Check(ctx, nil)
	if err == nil && !report.OK() {
		err = fmt.Errorf("check: %d problems: %q", report.Found, report.Problems)
	}
	return err
}
