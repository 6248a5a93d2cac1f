package failures

import (
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]Limit{
		"50%": {Percent: 50}, "0.5%": {Percent: 0.5}, "100": {Count: 100}, "off": {Off: true}, " 7 ": {Count: 7},
	} {
		if got, err := Parse(in); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "0", "-1", "0%", "101%", "many", "5 %%"} {
		if got, err := Parse(in); err == nil {
			t.Errorf("%q: got %+v, want an error", in, got)
		}
	}
}

func TestFailureCounter(t *testing.T) {
	feed := func(limit Limit, outcomes ...bool) int {
		f := Counter{}
		for i, failed := range outcomes {
			if f.Decided(failed, limit) != "" {
				return i + 1
			}
		}
		return 0
	}
	all := func(n int, failed bool) []bool {
		out := make([]bool, n)
		for i := range out {
			out[i] = failed
		}
		return out
	}
	half := Limit{} // the default: over half
	for name, c := range map[string]struct{ got, want int }{
		"all fail: after the first hundred":    {feed(half, all(500, true)...), 100},
		"under a hundred decided: never":       {feed(half, all(99, true)...), 0},
		"exactly half: goes on":                {feed(half, append(all(500, false), all(500, true)...)...), 0},
		"one more than half of the last 1,000": {feed(half, append(all(500, false), all(501, true)...)...), 1001},
		"what is long ago does not count":      {feed(half, append(all(40, true), all(5000, false)...)...), 0},
		"a share, just reached":                {feed(Limit{Percent: 50}, append(all(500, false), all(500, true)...)...), 1000},
		"all, after the first hundred":         {feed(Limit{Percent: 100}, all(500, true)...), 100},
		"all but one":                          {feed(Limit{Percent: 100}, append(all(1, false), all(500, true)...)...), 0},
		"a tenth":                              {feed(Limit{Percent: 10}, append(all(90, false), all(10, true)...)...), 100},
		"by count":                             {feed(Limit{Count: 3}, true, false, true, true), 4},
		"off":                                  {feed(Limit{Off: true}, all(5000, true)...), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: stopped at item %d, want %d", name, c.got, c.want)
		}
	}
}
