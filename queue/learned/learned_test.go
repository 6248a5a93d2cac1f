package learned

import (
	"slices"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/memory"
)

// What was observed over days, in a queue, is said in sentences.
func TestWhatIsLearnedIsSaid(t *testing.T) {
	ctx, db := t.Context(), memory.New()
	defer db.Close()
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	see := func(o queue.Observation) {
		t.Helper()
		if err := db.Observe(ctx, queue.DefaultAccount, o); err != nil {
			t.Fatal(err)
		}
	}
	lines := func(days int) []string {
		t.Helper()
		l, err := Read(ctx, db, queue.DefaultAccount, begin.AddDate(0, 0, days))
		if err != nil {
			t.Fatal(err)
		}
		return Summarize(l).Lines()
	}
	if got := lines(1); got != nil {
		t.Errorf("nothing was seen: got %q", got)
	}
	if err := db.CreateBatch(ctx, queue.Batch{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	for i, jobs := range []int{40, 41, 40} {
		at := begin.AddDate(0, 0, i).Add(30 * time.Minute)
		see(queue.Observation{Kind: queue.SeenReset, At: at.Add(5 * time.Second), From: at.Add(-time.Minute)})
		see(queue.Observation{Kind: queue.SeenQuarter, At: at})
		submit(t, db, queue.DayOf(at), jobs)
		see(queue.Observation{Kind: queue.SeenCap, At: at.Add(time.Hour)})
		see(queue.Observation{Kind: queue.SeenOthers, At: at.Add(time.Hour), From: at, Jobs: 10})
	}
	see(queue.Observation{Kind: queue.SeenQuota, At: begin.AddDate(0, 0, 2).Add(3 * time.Hour)})
	want := []string{
		"daily cap about 50, seen on 3 of the last 3 capped days (range 50 to 51)",
		"others use about 10 of it a day",
		"resets at 00:30 UTC by AiR's clock, seen on 3 days",
		"monthly quota about 151, last met on 2026-03-03",
	}
	if got := lines(3); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// submit submits so many jobs on a day.
func submit(t *testing.T, db queue.Store, day queue.Day, jobs int) {
	t.Helper()
	var c queue.Chunk
	for i := range jobs {
		c.Items = append(c.Items, queue.Item{Bucket: "archive", Key: day.Start().Format(time.DateOnly) + string(rune('a'+i))})
	}
	if _, err := db.Add(t.Context(), "b", c); err != nil {
		t.Fatal(err)
	}
	claimed, _, err := db.Exchange(t.Context(), nil, queue.ClaimRequest{Batches: []string{"b"}, Max: jobs, Day: day})
	if err != nil {
		t.Fatal(err)
	}
	var results []queue.Result
	for _, c := range claimed {
		results = append(results, queue.Result{Batch: "b", Seq: c.Seq, To: queue.Submitted, Sent: true, Attempted: true, At: day.Start(), JobID: c.Key})
	}
	if _, _, err := db.Exchange(t.Context(), results, queue.ClaimRequest{}); err != nil {
		t.Fatal(err)
	}
}
