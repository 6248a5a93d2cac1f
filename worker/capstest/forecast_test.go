package capstest

import (
	"context"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/forecast"
)

// The forecast that the real pool's observations give after two capped days holds the end in most worlds, with a range of
// at most 10 % of what remains. Figures over a thousand seeds are in package forecast, on a model of these worlds.
func TestForecastOfTheRealPool(t *testing.T) {
	const slack = 15 * time.Minute // in weeks: where nobody else uses the cap, the range is one of minutes
	worlds, held, width := 0, 0, 0.0
	for seed := range uint64(*seeds / 4) {
		w := Draw(seed, 60)
		w.Caps, w.Items, w.Late, w.Stays, w.Steps = []int{5 * w.Caps[0]}, 5*25*w.Caps[0], 0, 1, nil // with the small caps of Draw a single job would be 5 %
		for i := range w.Others {
			w.Others[i] = min(5*w.Others[i], w.Caps[0]*3/10)
		}
		w.PerDay = max(w.PerDay, 20*w.Caps[0])
		var f *forecast.Forecast
		var made time.Time
		got := w.Play(t, func(p *Play) {
			l := p.Learned()
			if f != nil || l.Daily.Agreeing < 2 || !l.Reset.Exact() {
				return
			}
			a, err := p.DB.Account(context.Background(), queue.DefaultAccount, queue.DayOf(p.Now()))
			if err != nil {
				t.Fatal(err)
			}
			made = p.Now()
			in := forecast.Input{Now: made, Items: p.Left(), Rate: float64(p.PerDay) / day.Seconds(), PausedUntil: a.Gate.PausedUntil.Add(time.Duration(p.skew.Load()))}
			in.Learn(l)
			all := in.Each([]int64{in.Items})
			f = &all[0]
		})
		if f == nil || got.Finished.IsZero() {
			t.Logf("seed %d: no forecast or no end: %v, %v", seed, f, got.Finished)
			continue
		}
		worlds++
		width += float64(f.High.Sub(f.Low)) / float64(got.Finished.Sub(made))
		if !got.Finished.Before(f.Low.Add(-slack)) && !got.Finished.After(f.High.Add(slack)) {
			held++
		} else {
			t.Logf("seed %d: ended %v, forecast %v to %v: %v", seed, got.Finished, f.Low, f.High, f.Why)
		}
	}
	t.Logf("the range holds the end in %d of %d worlds, mean width %.1f %% of what remains", held, worlds, 100*width/float64(worlds))
	if held*10 < worlds*7 || width/float64(worlds) > 0.10 || worlds < *seeds/6 {
		t.Error("the range holds the end too seldom, or is too wide")
	}
}
