package main

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"airlift/worker/air/airtest"
)

// Each row of a manifest of all kinds is in exactly one count, on the first reading and on those that follow.
func TestRowsAddUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	head := "bucket,key,priority\n"
	rows := "archive,a.mov,\narchive,b.mov,2\narchive,a.mov,\narchive,b.mov,3\narchive,,\narchive,c.mov,12\narchive,skip.mov,\n\narchive,d.mov,\narchive,a.mov,\n"
	m := r.file("m.csv", head+rows)
	args := []string{"run", m, "--exclude", "skip*"}
	// a, b and d; a twice more; b with another priority, no key, priority 12; skip
	r.run(args...).want(t, exitIncomplete).says(t, "9 = 3 added + 0 known + 2 duplicates + 3 rejected + 1 skipped", "1 skipped: excluded")
	r.status().books(t, 3, 0, 2, 3, 1)
	// Known is what the batch had before this reading, a duplicate what comes a second time in it.
	r.run(args...).want(t, exitIncomplete)
	r.status().books(t, 0, 3, 2, 3, 1)
	r.file("m.csv", head+rows+"archive,e.mov,\narchive,e.mov,\narchive,d.mov,\n")
	got := r.run(append(args, "--json")...).want(t, exitIncomplete)
	var s summary
	if err := json.Unmarshal([]byte(got.stdout), &s); err != nil {
		t.Fatalf("--json: %v in %q", err, got.stdout)
	}
	s.books(t, 1, 3, 4, 3, 1)
	r.settled(4)
	for _, m := range []string{"one.csv", "two.csv"} {
		r.file(m, goodCSV)
	}
	r.run("run", "one.csv", "two.csv", "--batch", "several", "--json").want(t, exitOK).says(t, `"rows":4,"added":2,"known":0,"duplicates":2`)
}

// The first POST leaves while the manifest is still being written, within a second of the start; the test gives it five.
func TestFirstPostLeavesAtOnce(t *testing.T) {
	t.Parallel()
	arrived := make(chan time.Time, 1)
	r := newRig(t, airtest.Config{OnRequest: func(q airtest.Request) {
		if q.Method == "POST" && q.N == 1 {
			arrived <- time.Now()
		}
	}})
	in, feed := io.Pipe()
	p := &process{r: r, cmd: r.command("run", "-", "--format", "csv", "--batch", "slow")}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, &p.out, &p.err
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if _, err := io.WriteString(feed, text); err != nil {
			t.Error(err)
		}
	}
	write("bucket,key\narchive,0.mov\n")
	select {
	case at := <-arrived:
		if late := at.Sub(began); late > 5*time.Second {
			t.Errorf("the first POST came after %v", late)
		}
	case <-time.After(20 * time.Second):
		t.Error("no POST came while the manifest had not ended")
	}
	for i := 1; i < 10; i++ {
		write(fmt.Sprintf("archive,%d.mov\n", i))
	}
	if err := feed.Close(); err != nil {
		t.Fatal(err)
	}
	p.wait().want(t, exitOK)
	r.settled(10)
}
