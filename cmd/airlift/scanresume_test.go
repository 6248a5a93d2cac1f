package main

import (
	"fmt"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/manifest/s3test"
	"airlift/worker/air/airtest"
)

// deepBucket fills a bucket as archives are: some deep trees, one large flat folder, loose objects.
func deepBucket(s *s3test.Server, objects int) {
	for i := range objects {
		key := fmt.Sprintf("reels/%02d/take %05d/clip.mov", i%7, i)
		switch {
		case i%3 == 0:
			key = fmt.Sprintf("flat/clip-%07d.mp4", i)
		case i%101 == 0:
			key = fmt.Sprintf("%05d.wav", i)
		}
		s.PutSized("archive", key, int64(i+1))
	}
}

// killedAtRequest runs a command that is killed as the S3 server gets its n-th request, which is not answered.
func (r *rig) killedAtRequest(s *s3test.Server, n int, args ...string) result {
	r.t.Helper()
	dead, victim := make(chan struct{}), make(chan *process, 1)
	s.Watch(func(i int) {
		if i == n {
			p := <-victim
			p.signal(syscall.SIGKILL)
			<-dead
		}
	})
	defer s.Watch(nil)
	p := r.start(args...)
	victim <- p
	got := p.wait()
	close(dead)
	return got
}

// A scan that is killed again and again goes on each time where its rows are stored: at its end every object was read
// exactly once, by all processes together.
func TestKilledScanGoesOn(t *testing.T) {
	t.Parallel()
	const objects = 3000
	for _, workers := range []string{"1", "8"} {
		t.Run(workers+" workers", func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			s := r.withS3()
			s.SetPageSize(25)
			deepBucket(s, objects)
			args := []string{"enqueue", "s3://archive/", "--scan-workers", workers}
			for kill := range 8 {
				got := r.killedAtRequest(s, len(s.Requests())+6+kill%3*4, args...)
				if got.code != -1 {
					t.Fatalf("the scan ended by itself with %d and not by the kill:\n%s", got.code, got.stderr)
				}
				if s := r.status(); !s.Incomplete {
					t.Fatalf("after kill %d the reading passes for complete", kill)
				}
			}
			before := r.status()
			if before.Rows == 0 || before.Rows >= objects {
				t.Errorf("rows before the last run: got %d, want a part of %d", before.Rows, objects)
			}
			requests := len(s.Requests())
			r.run(args...).want(t, exit.OK).says(t, "going on with the scan that broke off")
			if n := len(s.Requests()) - requests; workers == "1" && n > int(objects-before.Rows)/25+5 {
				t.Errorf("the last run sent %d requests for %d objects: it read again what was stored", n, objects-before.Rows)
			}
			r.status().books(t, objects, 0, 0, 0, 0)
			if r.status().Incomplete {
				t.Error("the reading is complete, and the status says that it is not")
			}
			r.run("run", "s3://archive/", "--workers", "64").want(t, exit.OK)
			r.status().books(t, 0, objects, 0, 0, 0)
			r.settled(objects)
		})
	}
}

// What was listed under other filters, or too long ago, is listed again: it would else be missing.
func TestScanBeginsAfresh(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s := r.withS3()
	s.SetPageSize(10)
	deepBucket(s, 100)
	s.SetFault(s3test.AccessDenied, 5)
	r.run("enqueue", "s3://archive/", "--exclude", "flat/**").want(t, exit.Incomplete)
	s.SetFault(s3test.NoFault, 0)
	r.run("enqueue", "s3://archive/").want(t, exit.OK).says(t, "begins afresh")
	if got := r.status(); got.Rows != 100 || got.Items != 100 || got.Incomplete {
		t.Errorf("got %d rows and %d items, want all 100", got.Rows, got.Items)
	}
}

// Two scans in one command: the one that came to its end is not listed again.
func TestKilledSecondScanGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s := r.withS3()
	s.SetPageSize(10)
	deepBucket(s, 300)
	for i := range 100 {
		s.PutSized("second", fmt.Sprintf("%03d.mov", i), 1)
	}
	args := []string{"enqueue", "s3://archive/", "s3://second/", "--batch", "both", "--scan-workers", "1"}
	s.SetFault(s3test.HTML, 300/10+1+4)
	r.run(args...).want(t, exit.Incomplete)
	if got := r.status(); got.Rows != 340 || !got.Incomplete {
		t.Fatalf("got %d rows, want all of the first and 40 of the second", got.Rows)
	}
	s.SetFault(s3test.NoFault, 0)
	before := len(s.Requests())
	r.run(args...).want(t, exit.OK)
	if n := len(s.Requests()) - before; n > 10 {
		t.Errorf("the second run sent %d requests, want those for 60 objects", n)
	}
	r.status().books(t, 400, 0, 0, 0, 0)
}

// A server that cannot begin behind a key lists in one piece, and after an end from the beginning.
func TestScanOfAServerThatCannotGoOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s := r.withS3()
	s.SetPageSize(10)
	deepBucket(s, 200)
	s.SetFault(s3test.AccessDenied, 7)
	r.run("enqueue", "s3://archive/", "--scan-workers", "1").want(t, exit.Incomplete)
	s.SetFault(s3test.IgnoresStartAfter, 0)
	r.run("enqueue", "s3://archive/").want(t, exit.Incomplete).says(t, "cannot go on", "run the same command again")
	if !r.status().Incomplete {
		t.Error("the reading passes for complete")
	}
	r.run("enqueue", "s3://archive/").want(t, exit.OK)
	if got := r.status(); got.Rows != 200 || got.Items != 200 || got.Incomplete {
		t.Errorf("got %d rows and %d items, want all 200", got.Rows, got.Items)
	}
}
