package main

import (
	"os"
	"path/filepath"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// A file that is no queue, or a part of one, is refused by every command and left as it is.
func TestQueueThatIsNone(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 50)
	r.run("enqueue", m).want(t, exit.OK)
	sound, err := os.ReadFile(r.queue)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, content string
		says          string
	}{
		{"some text", "this is a shopping list\n", "no valid header"},
		{"nothing", "", "no valid header"},
		{"cut in the header", string(sound[:3000]), "cut short"},
		{"cut after the header", string(sound[:20_000]), "cut short"},
		{"zeros", string(make([]byte, 64<<10)), "no valid header"},
	}
	for _, c := range cases {
		if err := os.WriteFile(r.queue, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"run", m}, {"status"}, {"compact"}} {
			r.run(args...).want(t, exit.Unexpected).says(t, r.queue, "not a sound airlift queue", c.says, "restore the file from a copy")
		}
		if got, err := os.ReadFile(r.queue); err != nil || string(got) != c.content {
			t.Errorf("%s: the file was changed (%v)", c.name, err)
		}
	}
	r.unsent()
	if err := os.WriteFile(r.queue, sound, 0o600); err != nil {
		t.Fatal(err)
	}
	r.run("run", m).want(t, exit.OK)
	r.settled(50)
}

func TestQueueAtAnImpossiblePlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 3)
	r.setenv("AIRLIFT_QUEUE", r.dir)
	r.run("run", m).want(t, exit.Unexpected).says(t, r.dir, "is a directory")
	r.setenv("AIRLIFT_QUEUE", filepath.Join(m, "queue.db"))
	r.run("run", m).want(t, exit.Unexpected).says(t, "not a directory")
	r.unsent()
}

// A queue that is not there is made by run and enqueue alone; the others say so.
func TestQueueThatIsNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for _, args := range [][]string{
		{"status"}, {"submit"}, {"resume"}, {"items", "b"}, {"show", "b", "k"}, {"report", "b"}, {"retry", "b"}, {"cancel", "b", "--all"}, {"reconcile"}, {"check"}, {"compact"},
	} {
		r.run(args...).want(t, exit.Usage).says(t, r.queue, "there is no queue", "--queue")
	}
	r.noQueue()
}

// A batch that is not there is a usage error that names those there are.
func TestBatchThatIsNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("m.csv", 1), "--batch", "mine").want(t, exit.OK)
	for _, args := range [][]string{
		{"status", "other"}, {"submit", "other"}, {"items", "other"}, {"show", "other", "k"}, {"report", "other"}, {"retry", "other"}, {"cancel", "other", "--all"}, {"reconcile", "other"},
	} {
		r.run(args...).want(t, exit.Usage).says(t, `no batch "other"`, `"mine"`)
	}
}
