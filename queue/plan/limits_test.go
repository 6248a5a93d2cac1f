package plan

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"airlift/queue"
	"airlift/ratelimit/caps"
)

// ledger is what a queue has stored.
type ledger struct {
	queue.Reader
	gate queue.Gate
	set  queue.Control
	days map[queue.Day]queue.DayCount
	err  error
}

func (l ledger) Days(_ context.Context, _ string, first, last queue.Day) ([]queue.DayCount, error) {
	return queue.CollectDays(first, last, func(d queue.Day) (queue.DayCount, error) { return l.days[d], l.err })
}

func (l ledger) Account(_ context.Context, _ string, d queue.Day) (queue.AccountState, error) {
	return queue.AccountState{Gate: l.gate, Control: l.set, Day: l.days[d]}, l.err
}

// What an operator has set counts before what the caller assumes.
func TestLoadWhatIsSet(t *testing.T) {
	none, some := int64(0), int64(7)
	have := Limits{Rate: 5, PerDay: 10, PerDayFrom: OwnLimit}
	for _, c := range []struct {
		set  queue.Control
		want Limits
	}{
		{queue.Control{}, have},
		{queue.Control{Rate: 2, DailyLimit: &some}, Limits{Rate: 2, PerDay: 7, PerDayFrom: OwnLimit}},
		{queue.Control{Rate: unlimitedRate, DailyLimit: &none}, Limits{Rate: inf}},
		{queue.Control{Paused: true}, Limits{Rate: 5, PerDay: 10, PerDayFrom: OwnLimit, Held: true, Reason: "paused by hand"}},
		{queue.Control{Paused: true, PausedUntil: at(28, 13, 0), Reason: "disk"}, Limits{Rate: 5, PerDay: 10, PerDayFrom: OwnLimit, PausedUntil: at(28, 13, 0), Reason: "disk"}},
		{queue.Control{Paused: true, PausedUntil: at(28, 11, 0)}, have},
	} {
		got := have
		err := got.Load(t.Context(), ledger{set: c.set}, queue.DefaultAccount, noon)
		if got.AiR = (caps.Learned{}); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: got %+v, %v, want %+v", c.set, got, err, c.want)
		}
		if end := got.Input(1, noon).Forecast().Finish; end.IsZero() != c.want.Held {
			t.Errorf("%+v: done by %v", c.set, end)
		}
	}
}

func TestLearn(t *testing.T) {
	today := queue.DayOf(noon)
	days := map[queue.Day]queue.DayCount{
		today:     {Claimed: 30, Submitted: 20},
		today + 1: {Claimed: 5, Submitted: 5},
		today - 1: {Claimed: 60, Submitted: 50, Capped: true},
		today - 2: {Claimed: 50, Submitted: 50, Capped: true},
		today - 3: {Claimed: 900, Submitted: 900},               // no cap was met
		today - 9: {Claimed: 800, Submitted: 800, Capped: true}, // the cap was lowered since
	}
	since := noon.Add(-time.Hour)
	for _, c := range []struct {
		name       string
		have, want Limits
		gate       queue.Gate
	}{
		{name: "the cap of the latest days", have: Limits{Rate: 5}, want: Limits{Rate: 5, PerDay: 50, PerDayFrom: Learned, UsedToday: 30}},
		{name: "our own limit beats it", have: Limits{PerDay: 10, PerDayFrom: OwnLimit}, want: Limits{PerDay: 10, PerDayFrom: OwnLimit, UsedToday: 30}},
		{name: "a pause", gate: queue.Gate{PausedUntil: at(29, 0, 5), Reason: "cap", Since: since},
			want: Limits{PerDay: 50, PerDayFrom: Learned, UsedToday: 30, PausedUntil: at(29, 0, 5), Reason: "cap", Since: since}},
		{name: "a pause that is over", gate: queue.Gate{PausedUntil: at(28, 0, 5), Reason: "cap", Since: since}, want: Limits{PerDay: 50, PerDayFrom: Learned, UsedToday: 30}},
		{name: "a pause that no cap can cause", gate: queue.Gate{PausedUntil: at(30, 0, 0), Reason: "cap"}, want: Limits{PerDay: 50, PerDayFrom: Learned, UsedToday: 30}},
		{name: "a wait for the month", gate: queue.Gate{PausedUntil: at(29, 0, 5), QuotaUntil: at(30, 0, 5).AddDate(0, 0, 20), Reason: "quota", Since: since},
			want: Limits{PerDay: 50, PerDayFrom: Learned, UsedToday: 30, PausedUntil: at(30, 0, 5).AddDate(0, 0, 20), Reason: "quota", Since: since}},
		{name: "a stop", gate: queue.Gate{Stopped: true, Reason: "quota", Since: since},
			want: Limits{PerDay: 50, PerDayFrom: Learned, UsedToday: 30, Stopped: true, Reason: "quota", Since: since}},
	} {
		got := c.have
		err := got.Learn(t.Context(), ledger{gate: c.gate, days: days}, queue.DefaultAccount, noon)
		air := got.AiR
		if got.AiR = (caps.Learned{}); err != nil || !reflect.DeepEqual(got, c.want) || air.Daily.Value != 50 {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
	wrong := errors.New("unreadable")
	if err := new(Limits).Learn(t.Context(), ledger{err: wrong}, queue.DefaultAccount, noon); !errors.Is(err, wrong) {
		t.Errorf("got %v, want the store's error", err)
	}
}
