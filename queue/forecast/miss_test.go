package forecast

import "testing"

func TestMissed(t *testing.T) {
	first, second := at(1, 0, 0), at(2, 0, 0)
	for name, c := range map[string]struct {
		before, last Said
		want         string
	}{
		"as forecast":             {Said{first, 100, 120, 110}, Said{second, 100, 120, 101}, ""},
		"one day of less":         {Said{first, 100, 120, 110}, Said{second, 100, 120, 50}, ""},
		"less, then more":         {Said{first, 100, 120, 50}, Said{second, 100, 120, 150}, ""},
		"a little less":           {Said{first, 1000, 1200, 990}, Said{second, 1000, 1200, 991}, ""},
		"days that do not follow": {Said{first, 100, 120, 50}, Said{at(3, 0, 0), 100, 120, 50}, ""},
		"less":                    {Said{first, 1000, 1200, 500}, Said{second, 1100, 1100, 400}, "the forecast was too early on the last two days: 500 sent on 1 February instead of 1,000 to 1,200; 400 sent on 2 February instead of 1,100"},
	} {
		if got := Missed(c.before, c.last); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
