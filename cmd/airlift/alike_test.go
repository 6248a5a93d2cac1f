package main

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/text/unicode/norm"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// A lost queue, an object that is not in the source as its job is adopted, and a list that writes sources in another way:
// when the object returns it gets no second job, and no other object is taken for it.
func TestAnObjectThatReturnsInAnotherSpelling(t *testing.T) {
	t.Parallel()
	nfc := func(s *air.Source) { s.ObjectKey = norm.NFC.String(s.ObjectKey) }
	// What becomes of the object: its row is rejected, or known, or its job is not adopted at all.
	const rejected, known, reported = "rejected", "known", "reported"
	for name, c := range map[string]struct {
		key          string
		list         func(*air.Source)
		named, plain string // with a name in the manifest, and without
	}{
		"NFC":             {"cafe\u0301/a.mov", nfc, rejected, known},
		"mixed":           {"cafe\u0301/\u00e9.mov", nfc, rejected, rejected},
		"no slash":        {"/lead/a.mov", func(s *air.Source) { s.ObjectKey = strings.TrimPrefix(s.ObjectKey, "/") }, rejected, known},
		"percent-encoded": {"with space+\u00e9.mov", func(s *air.Source) { s.ObjectKey = url.PathEscape(s.ObjectKey) }, rejected, rejected},
		"lower case":      {"Reel/A.MOV", func(s *air.Source) { s.ObjectKey = strings.ToLower(s.ObjectKey) }, rejected, rejected},
		"cut":             {"a very long key.mov", func(s *air.Source) { s.ObjectKey = s.ObjectKey[:min(9, len(s.ObjectKey))] }, rejected, rejected},
		"no bucket":       {"y.mov", func(s *air.Source) { s.Bucket = "" }, reported, reported},
		"as it is":        {"Reel/A.MOV", func(*air.Source) {}, known, known},
	} {
		for kind, want := range map[string]string{"named": c.named, "plain": c.plain} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
					for i := range page {
						c.list(&page[i].Source)
					}
					return page
				}})
				there, gone := `{"bucket":"archive","key":"x.mov"}`+"\n", `{"bucket":"second","key":"`+c.key+`"}`+"\n"
				if kind == "named" {
					there, gone = strings.Replace(there, "}", `,"name":"One"}`, 1), strings.Replace(gone, "}", `,"name":"My Name"}`, 1)
				}
				whole := r.file("whole.jsonl", there+gone)
				r.run("run", whole, "--batch", "b").want(t, exit.OK)
				id := r.air.Jobs()[1].ID
				r.lose()
				part := r.file("part.jsonl", there)
				// Another object that the listed source may be taken for.
				other := r.file("other.csv", "bucket,key\narchive,y.mov\n")
				if want == reported {
					r.run("adopt", "b", part).want(t, exit.Incomplete).says(t, "unknown object", id, "do not name their object")
					for _, m := range []string{whole, part, other} {
						r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "has not ended well")
					}
				} else {
					r.run("adopt", "b", part).want(t, exit.OK).says(t, "1 of the adopted are for objects that no source shows", id)
					r.run("run", part, "--batch", "b").want(t, exit.OK)
				}
				for range 2 {
					switch want {
					case rejected:
						r.run("run", whole, "--batch", "b", "--dry-run").says(t, "1 rejected")
						r.run("run", whole, "--batch", "b").want(t, exit.Incomplete).says(t, "0 added + 1 known + 0 duplicates + 1 rejected", "AiR has job "+id, "batch of its own")
						r.run("run", whole, "--batch", "next", "--since-batch", "b").want(t, exit.Incomplete).says(t, "0 added + 0 known + 0 duplicates + 1 rejected + 1 skipped", "AiR has job "+id)
					case known:
						r.run("run", whole, "--batch", "b").want(t, exit.OK).says(t, "0 added + 2 known")
						r.run("run", whole, "--batch", "next", "--since-batch", "b").want(t, exit.OK).says(t, "0 rejected + 2 skipped")
					}
				}
				if posts, dup := r.air.Posts(), r.air.Duplicates(); posts != 2 || len(dup) > 0 {
					t.Errorf("POSTs: got %d, want those of the first run; second jobs: %v", posts, dup)
				}
				if want == reported {
					return
				}
				r.run("run", other, "--batch", "b").want(t, exit.OK).says(t, "1 added")
				r.run("check").want(t, exit.OK)
				if posts := r.air.Posts(); posts != 3 {
					t.Errorf("POSTs: got %d, want one more for another object", posts)
				}
			})
		}
	}
}

// AiR gives the id of an unsourced item's job to another item, and lists the job no more: the item is in doubt, then
// cancelled, and never sent.
func TestAnUnsourcedItemIsNotSentWhenItsIDIsGivenAgain(t *testing.T) {
	t.Parallel()
	var again atomic.Bool
	r := newRig(t, airtest.Config{
		Script: func(q airtest.Request) airtest.Fault {
			if again.Load() && isPost(q) {
				return airtest.Fault{Kind: airtest.SameID}
			}
			return airtest.Fault{}
		},
		EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
			kept := page[:0:0]
			for _, j := range page {
				if !again.Load() || j.Source.ObjectKey != "gone.mov" {
					kept = append(kept, j)
				}
			}
			return kept
		},
	})
	there := r.file("there.csv", "bucket,key\narchive,x.mov\n")
	r.run("run", there, "--batch", "b").want(t, exit.OK)
	r.run("run", r.file("gone.csv", "bucket,key\narchive,gone.mov\n"), "--batch", "b").want(t, exit.OK)
	id := r.air.Jobs()[1].ID
	r.lose()
	r.run("adopt", "b", there).want(t, exit.OK).says(t, "2 adopted", id)
	again.Store(true)
	more := r.file("more.csv", "bucket,key\narchive,x.mov\narchive,z.mov\n")
	r.run("run", more, "--batch", "b").says(t, "AIRLIFT_SAME_ID", id, "a withdrawn item has no job: it is cancelled")
	r.run("run", more, "--batch", "b").want(t, exit.OK)
	r.run("retry", "b", "--state", "cancelled")
	r.run("submit", "b").want(t, exit.OK)
	if s := r.status(); s.Submitted != 2 || s.Cancelled != 1 || s.Pending != 0 {
		t.Errorf("status: got %+v, want gone.mov cancelled", s)
	}
	if posts := r.air.Posts(); posts != 3 {
		t.Errorf("POSTs: got %d, want one for each object", posts)
	}
	r.run("check").want(t, exit.OK)
}
