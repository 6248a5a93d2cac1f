package delayqueue

import (
	"testing"
	"testing/synctest"
	"time"

	"airlift/queue"
)

func item(batch, key string) queue.Claimed {
	c := queue.Claimed{Batch: batch}
	c.Key = key
	return c
}

func TestItemsAreTakenAsTheyBecomeDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(func(string) bool { return false })
		added, now := q.Added(), time.Now()
		q.Add(item("own", "late"), now.Add(time.Minute))
		q.Add(item("own", "second"), now.Add(2*time.Second))
		q.Add(item("own", "first"), now.Add(time.Second))
		select {
		case <-added:
		default:
			t.Error("who waits for an item is not told of one")
		}
		if due, wait := q.Take(5); len(due) != 0 || wait != time.Second || q.Next() != time.Second {
			t.Errorf("took %v, the next in %v, %v", due, wait, q.Next())
		}
		time.Sleep(3 * time.Second)
		if due, _ := q.Take(1); len(due) != 1 || due[0].Key != "first" {
			t.Errorf("took %v, want the first", due)
		}
		if due, _ := q.Take(5); len(due) != 1 || due[0].Key != "second" {
			t.Errorf("took %v, want the second", due)
		}
		if got := q.Next(); got != 57*time.Second {
			t.Errorf("the next is due in %v, want 57s", got)
		}
	})
}

func TestGuestsDoNotCountAsWaiting(t *testing.T) {
	q := New(func(batch string) bool { return batch == "guest" })
	q.Add(item("own", "a"), time.Now())
	q.Add(item("guest", "b"), time.Now())
	due, _ := q.Take(2)
	if len(due) != 2 || q.Waiting() != 1 {
		t.Errorf("took %d, and %d wait, want 1 until it is done with", len(due), q.Waiting())
	}
	q.Done(due)
	if got := q.Waiting(); got != 0 {
		t.Errorf("%d wait after all are done with", got)
	}
}
