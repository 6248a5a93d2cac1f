package index

import (
	"testing"

	"airlift/queue"
)

func TestAlikes(t *testing.T) {
	a, err := NewAlikes(queue.Batch{ID: "b"})
	if err != nil {
		t.Fatal(err)
	}
	row := queue.Item{Bucket: "Media", Key: "A%20Reel.mov"}
	if _, found := (*Alikes)(nil).Find(&row); found || !a.Empty() {
		t.Error("an empty one has something")
	}
	a.Add(&queue.Item{Seq: 7, Bucket: "other", Key: "x.mov", Unsourced: true}) // no name: it proves itself
	a.Add(&queue.Item{Seq: 0, Bucket: "media", Key: "a reel.mov", Name: "by hand", Unsourced: true})
	a.Add(&queue.Item{Seq: 9, Bucket: "MEDIA", Key: "A REEL.MOV", Name: "by hand too", Unsourced: true})
	if seq, found := a.Find(&row); !found || seq != 0 {
		t.Errorf("another spelling: got %d, %t, want the first", seq, found)
	}
	if seq, found := a.Find(&queue.Item{Bucket: "elsewhere", Key: "y", Name: "By-Hand"}); !found || seq != 0 {
		t.Errorf("the name of its job: got %d, %t", seq, found)
	}
	if _, found := a.Find(&queue.Item{Bucket: "other", Key: "X.mov"}); found {
		t.Error("an item that its name proves was found by another spelling")
	}
}
