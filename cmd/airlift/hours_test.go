//go:build unix

package main

import (
	big "encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// writeZone writes a time zone Test/Noon whose noon is at an instant of today, to the second, as a file of the form that tzfile(5)
// describes, and makes the commands find it.
func (r *rig) writeZone(noon time.Time) {
	r.t.Helper()
	h, m, s := noon.UTC().Clock()
	ahead := 12*3600 - (h*3600 + m*60 + s)
	file := append([]byte("TZif"), make([]byte, 16)...)
	for _, n := range []uint32{0, 0, 0, 0, 1, 4} { // of the counts only one type and its name
		file = big.BigEndian.AppendUint32(file, n)
	}
	file = big.BigEndian.AppendUint32(file, uint32(int32(ahead)))
	file = append(file, 0, 0, 'T', 'S', 'T', 0)
	dir := filepath.Join(r.dir, "zones")
	if err := os.MkdirAll(filepath.Join(dir, "Test"), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Test", "Noon"), file, 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.setenv("ZONEINFO", dir)
}

// The rate changes at noon, seconds after the start, and the process is killed before. Nothing that the server sees is above the
// table, whose rates hold over the restart too; status says when it changes.
func TestRateTable(t *testing.T) {
	t.Parallel()
	const items, slow, fast = 300, 5, 50
	arrived := &arrivals{}
	r := newRig(t, airtest.Config{OnRequest: arrived.note})
	r.env = append(r.env, "AIRLIFT_WORKERS=16")
	archive := r.manifest("archive.csv", items)
	noon := time.Now().Add(8 * time.Second).Truncate(time.Second)
	r.writeZone(noon)
	args := []string{"run", archive, "--rate", fmt.Sprintf("00:00 %d/s, 12:00 %d/s", slow, fast), "--time-zone", "Test/Noon"}
	p := r.start(args...)
	if s := r.run("status"); time.Now().Before(noon.Add(-time.Second)) && s.code == exit.OK && strings.Contains(s.stdout, "hours") &&
		!strings.Contains(s.stdout, "5/s until 12:00 (Test/Noon), then 50/s") {
		t.Errorf("status says\n%s", s.stdout)
	}
	<-arrived.reached(10)
	p.signal(syscall.SIGKILL)
	p.wait()
	began := time.Now()
	if got := r.run(args...); got.code != exit.OK {
		t.Fatalf("exit code %d\n%s", got.code, got.stderr)
	}
	if took := time.Since(began); took > items/slow*time.Second/2 && time.Since(noon) < items/slow*time.Second/2 {
		t.Errorf("it took %v: at the slow rate alone it is a minute", took)
	}
	r.settled(items)
	arrived.mu.Lock()
	defer arrived.mu.Unlock()
	const late = 2 * time.Second // an answer to a stall of the machine
	for i, first := range arrived.at {
		for j := i + 1; j < len(arrived.at) && arrived.at[j].Sub(first) <= 10*time.Second; j++ {
			from, to := first.Add(-late), arrived.at[j]
			allowed := slow * to.Sub(from).Seconds()
			if to.After(noon) {
				since := noon
				if from.After(noon) {
					since = from
				}
				allowed += (fast - slow) * to.Sub(since).Seconds()
			}
			if float64(j-i) > allowed+1 {
				t.Fatalf("%d jobs from %v to %v, and the table allows %.1f", j-i, first, to, allowed)
			}
		}
	}
}

// Outside of its window a run waits and says until when, and it ends well when told; a window that is wrong is named.
func TestWindow(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	archive := r.manifest("archive.csv", 5)
	r.writeZone(time.Now().UTC())
	p := r.start("run", archive, "--window", "14:00-15:00", "--window", "20:00-22:00", "--time-zone", "Test/Noon")
	s := r.awaitPause()
	if want := "outside of --window 14:00-15:00, 20:00-22:00"; s.Reason != want || s.PausedUntil == nil || time.Until(*s.PausedUntil) > 2*time.Hour+time.Minute {
		t.Errorf("got %q until %v, want %q in two hours", s.Reason, s.PausedUntil, want)
	}
	if got := r.run("resume"); got.code != exit.OK || r.air.Posts() != 0 {
		t.Errorf("resume: exit code %d, %d POSTs", got.code, r.air.Posts())
	}
	if got := r.run("set", "--window", "off"); got.code != exit.OK || !strings.Contains(got.stdout, "window off") {
		t.Errorf("set: %+v", got)
	}
	if got := p.wait(); got.code != exit.OK {
		t.Errorf("exit code %d\n%s", got.code, got.stderr)
	}
	r.settled(5)
	if got := r.run("run", archive, "--window", "14:00", "--rate", "8 Uhr 1/s, 9/s", "--time-zone", "Mars"); got.code != exit.Usage ||
		!strings.Contains(got.stderr, `--rate: rate table "8 Uhr 1/s, 9/s": `) || !strings.Contains(got.stderr, "--window: ") || !strings.Contains(got.stderr, "--time-zone: ") {
		t.Errorf("wrong hours: exit code %d\n%s", got.code, got.stderr)
	}
}
