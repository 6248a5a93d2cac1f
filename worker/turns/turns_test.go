package turns

import (
	"slices"
	"testing"

	"airlift/queue"
)

func TestDealInProportion(t *testing.T) {
	for name, c := range map[string]struct {
		shares []int
		n      int
		want   []int
	}{
		"one":          {[]int{5}, 7, []int{7}},
		"same shares":  {[]int{1, 1}, 10, []int{5, 5}},
		"three to one": {[]int{3, 1}, 400, []int{300, 100}},
		"three":        {[]int{1, 2, 5}, 800, []int{100, 200, 500}},
	} {
		t.Run(name, func(t *testing.T) {
			var from []Contender
			for i, share := range c.shares {
				from = append(from, Contender{ID: string(rune('a' + i)), Share: share})
			}
			var f Fair
			each, order := f.Deal(from, c.n)
			for i := range each {
				if got := each[i] - c.want[i]; got < -1 || got > 1 {
					t.Errorf("dealt %v, want %v", each, c.want)
				}
			}
			if len(from) > 1 && len(order) != c.n {
				t.Errorf("%d turns in order, want %d", len(order), c.n)
			}
		})
	}
}

func TestABatchThatHadNothingMakesUpForNothing(t *testing.T) {
	var f Fair
	old, late := Contender{"old", 1}, Contender{"late", 1}
	f.Deal([]Contender{old}, 1000)
	if each, _ := f.Deal([]Contender{old, late}, 100); each[0] < 49 || each[1] < 49 {
		t.Errorf("dealt %v, want half each", each)
	}
}

func TestATurnGivenBackCostsNothing(t *testing.T) {
	var f Fair
	both := []Contender{{"a", 1}, {"b", 1}}
	for range 3 { // a's items cannot be claimed
		got := f.Take(both)
		if got.ID != "a" {
			t.Fatalf("the turn is that of %s, want a, which gave its turn back", got.ID)
		}
		f.GiveBack(got, 1)
	}
	f.Take(both)
	if got := f.Take(both); got.ID != "b" {
		t.Errorf("after a's turn is that of %s, want b", got.ID)
	}
}

func TestInTurn(t *testing.T) {
	from := []Contender{{"a", 2}, {"b", 1}, {"c", 1}}
	of := func(batch string, seq uint64) queue.Claimed {
		q := queue.Claimed{Batch: batch}
		q.Seq = seq
		return q
	}
	// c had nothing, and b one item less than it was dealt.
	got := InTurn([]queue.Claimed{of("a", 1), of("a", 2), of("b", 7)}, from, []int{0, 1, 2, 0, 1})
	if want := []queue.Claimed{of("a", 1), of("b", 7), of("a", 2)}; !slices.EqualFunc(got, want, func(a, b queue.Claimed) bool { return a.Batch == b.Batch && a.Seq == b.Seq }) {
		t.Errorf("got %v, want %v", got, want)
	}
}
