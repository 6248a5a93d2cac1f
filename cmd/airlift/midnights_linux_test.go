package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// leapingClock lets all clocks and timers of a process be ahead of the machine's by what a file says that other processes
// share. The file may change at any time; timers that are then due fire within milliseconds.
const leapingClock = `
//go:linkname ahead runtime.ahead
var ahead *int64

func init() {
	name, _ := syscall.Getenv("LEAPING_CLOCK_FILE")
	if name == "" {
		return
	}
	fd, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		panic("LEAPING_CLOCK_FILE: " + err.Error())
	}
	shared, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic("LEAPING_CLOCK_FILE: " + err.Error())
	}
	ahead = (*int64)(unsafe.Pointer(&shared[0]))
	go func() { // an idle process looks at its timers
		for {
			Sleep(2 * Millisecond)
		}
	}()
}
`

// buildLeaping builds the command over copies of Go's clocks that leapingClock sets.
func buildLeaping(t *testing.T) string {
	t.Helper()
	const nano = "func nanotime() int64 {\n"
	return buildOver(t,
		change{"time/time.go", []string{
			timeImports, timeImports + "\t\"syscall\"\n\t\"unsafe\"\n",
			"\t_ \"unsafe\" // for go:linkname\n", "",
			readClock, readClock + "\tif p := ahead; p != nil {\n\t\tby := *p\n\t\tsec += by / 1e9\n\t\tmono += by\n\t}\n",
		}, leapingClock},
		change{"runtime/time_nofake.go", []string{nano, nano + "\tif p := ahead; p != nil {\n\t\treturn nanotime1() + *p\n\t}\n"},
			"\n//go:linkname ahead\nvar ahead *int64\n"},
	)
}

// leaps is a clock that this process, its sandbox and the commands of its rig share. It is the machine's, but while
// nothing has asked AiR for a while it runs thousands of times as fast.
type leaps struct {
	file  string
	ahead *int64 // whole seconds, in nanoseconds
	asked atomic.Int64
}

// The clock runs fast by a leap each leapEvery once AiR was not asked for leapAfter: a day takes some 10 s.
const (
	leap      = time.Minute
	leapEvery = 4 * time.Millisecond
	leapAfter = 150 * time.Millisecond
)

// newLeaps makes the clock in a folder and starts it at 22:00 of the 10th of the next month, so that no month ends in the test.
func newLeaps(t *testing.T, dir string) *leaps {
	t.Helper()
	now := time.Now().UTC()
	begin := time.Date(now.Year(), now.Month()+1, 10, 22, 0, 0, 0, time.UTC).Sub(now).Truncate(time.Second)
	f, err := os.Create(filepath.Join(dir, "ahead"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(8); err != nil {
		t.Fatal(err)
	}
	shared, err := syscall.Mmap(int(f.Fd()), 0, 8, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	l := &leaps{file: f.Name(), ahead: (*int64)(unsafe.Pointer(&shared[0]))}
	atomic.StoreInt64(l.ahead, int64(begin))
	stop, stopped := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(stop)
		<-stopped
		_ = f.Close()
		_ = syscall.Munmap(shared)
	})
	go func() {
		defer close(stopped)
		every := time.NewTicker(leapEvery)
		defer every.Stop()
		for {
			select {
			case <-stop:
				return
			case <-every.C:
			}
			if time.Now().UnixNano()-l.asked.Load() > int64(leapAfter) {
				atomic.AddInt64(l.ahead, int64(leap))
			}
		}
	}()
	return l
}

func (l *leaps) now() time.Time { return time.Now().Add(time.Duration(atomic.LoadInt64(l.ahead))) }

// Two accounts at one URL over three of AiR's midnights: AiR stops one by a 403 on the first day, and the other goes on, under
// its daily cap, to its end. Once the quota is lifted a rerun finishes the one that was stopped.
func TestThreeMidnightsWithTwoAccounts(t *testing.T) {
	if !*clockSteps {
		t.Skip("run it with -clocksteps (make clocksteps)")
	}
	const items, dailyCap, quota = 70, 20, 7
	clock, asked := newLeaps(t, t.TempDir()), newDays()
	r := newRig(t, airtest.Config{
		Settings: airtest.Settings{Accounts: map[string]airtest.Account{archiveKey: {DailyCap: dailyCap}, newsKey: {MonthlyQuota: quota}}},
		Clock:    clock.now,
		OnRequest: func(q airtest.Request) {
			clock.asked.Store(time.Now().UnixNano())
			if isPost(q) {
				asked.note(q.Job.Batch, q.At)
			}
		},
	})
	r.binary = buildLeaping(t)
	r.setenv("LEAPING_CLOCK_FILE", clock.file)
	r.setenv("AIRLIFT_AIR_URL", "")
	for _, a := range []struct{ name, key string }{{"ARCHIVE", archiveKey}, {"NEWS", newsKey}} {
		r.setenv(a.name+"_ACCESS", a.key)
		r.setenv(a.name+"_SECRET", testSecretKey)
	}
	r.config(fmt.Sprintf(`air-url = %q
[account.archive]
access-key-env = "ARCHIVE_ACCESS"
secret-key-env = "ARCHIVE_SECRET"
[account.news]
access-key-env = "NEWS_ACCESS"
secret-key-env = "NEWS_SECRET"
`, r.url))
	for _, name := range []string{"archive", "news"} {
		r.run("enqueue", r.manifest(name+".csv", items), "--batch", name, "--account", name).want(t, exit.OK)
	}
	args := []string{"submit", "--rate", "20/s", "--workers", "2"}
	begun := time.Now()
	got := r.run(args...).want(t, exit.Quota).says(t, "account archive: done", "account news: stopped by AiR")
	r.oneJobFor("archive", items)
	r.oneJobFor("news", quota)
	accepted := newDays()
	for _, j := range r.air.Jobs() {
		at, err := time.Parse(time.RFC3339, j.Created)
		if err != nil {
			t.Fatal(err)
		}
		accepted.note(j.Batch, at)
	}
	if days := accepted.of("archive"); len(days) != 4 || slices.Max(days) > dailyCap {
		t.Errorf("the jobs a day of the account with the cap are %v, want at most %d on each of four days", days, dailyCap)
	}
	if days := asked.of("archive"); len(days) != 4 || slices.Max(days) > dailyCap+2 {
		t.Errorf("its POSTs a day are %v, want at most %d on each of four days", days, dailyCap+2)
	}
	if days := asked.of("news"); len(days) != 1 || days[0] > quota+2 {
		t.Errorf("the POSTs a day of the account that was stopped are %v, want at most %d on the first day alone", days, quota+2)
	}
	t.Logf("three midnights in %v: POSTs a day %v and %v", time.Since(begun).Round(time.Second), asked.of("archive"), asked.of("news"))
	if t.Failed() {
		t.Log(got.stderr)
	}

	r.change(func(s *airtest.Settings) {
		s.Accounts = map[string]airtest.Account{archiveKey: {DailyCap: dailyCap}, newsKey: {}}
	})
	r.run(args...).want(t, exit.OK)
	r.oneJobFor("archive", items)
	r.oneJobFor("news", items)
	r.inspect("check").want(t, exit.OK)
}

// days counts what was of a batch, by the day.
type days struct {
	mu sync.Mutex
	n  map[string]map[string]int // guarded by mu
}

func newDays() *days { return &days{n: map[string]map[string]int{}} }

func (d *days) note(batch string, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n[batch] == nil {
		d.n[batch] = map[string]int{}
	}
	d.n[batch][at.UTC().Format(time.DateOnly)]++
}

// of returns the counts of a batch, of the days that have any.
func (d *days) of(batch string) (counts []int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, day := range slices.Sorted(maps.Keys(d.n[batch])) {
		counts = append(counts, d.n[batch][day])
	}
	return counts
}
