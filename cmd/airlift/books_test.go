package main

import (
	"fmt"
	"io"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

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
	p.wait().want(t, exit.OK)
	r.settled(10)
}
