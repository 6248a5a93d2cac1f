package term

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/rs/zerolog"

	"airlift/worker/service"
)

// barEvery is how often a bar is drawn.
const barEvery = 500 * time.Millisecond

// Bar shows the progress of some batches on the last line of a terminal until done.
func Bar(line *StatusLine, done <-chan struct{}, batches []string, now Overviews) {
	every(barEvery, done, func() {
		if o, err := now(context.Background()); err == nil { // the run itself ends with an error of the queue
			line.Set(View{Width: line.Width(), Now: time.Now()}.Bar(&o, batches))
		}
	})
	line.Set("")
}

// Bar writes the progress of some batches, none: those that are worked, on one line.
func (v View) Bar(o *service.Overview, batches []string) string {
	var items, done, failed, doubts int64
	var shown []service.Status
	for i := range o.Batches {
		if b := &o.Batches[i]; isShown(b, batches) {
			items, done, failed, doubts = items+b.Items, done+ended(&b.Status), failed+b.Failed, doubts+b.InDoubt
			shown = append(shown, b.Status)
		}
	}
	var parts []string
	if v.Width >= 60 {
		parts = append(parts, v.barOf(done, failed, items, v.Width/6))
	}
	parts = append(parts, fmt.Sprintf("%d%%", percent(done, items)), Number(done)+" of "+Number(items))
	remarks := []string{}
	switch a := &o.Account; {
	case a.PausedUntil != nil:
		remarks = append(remarks, "paused until "+v.until(*a.PausedUntil))
	case o.Run != nil:
		remarks = append(remarks, o.Run.Limit)
	}
	if failed > 0 {
		remarks = append(remarks, Number(failed)+" failed")
	}
	if doubts > 0 {
		remarks = append(remarks, Number(doubts)+" in doubt")
	}
	if eta := service.LastETA(shown); eta != nil && o.Account.PausedUntil == nil {
		remarks = append(remarks, "done by "+v.instant(*eta))
	}
	text := strings.Join(parts, " ") + "  " + Text(strings.Join(remarks, ", "))
	return ansi.Truncate(text, v.Width, "...")
}

// isShown reports whether a batch is one of some, or with none whether it is worked.
func isShown(b *service.BatchOverview, batches []string) bool {
	return slices.Contains(batches, b.Batch) || len(batches) == 0 && b.Worked
}

// LogProgress logs a line for each of some batches, none: those that are worked, at an interval until done.
func LogProgress(log zerolog.Logger, interval time.Duration, done <-chan struct{}, batches []string, now Overviews) {
	every(interval, done, func() {
		o, err := now(context.Background())
		if err != nil {
			return // the run itself ends with an error of the queue
		}
		for i := range o.Batches {
			s := &o.Batches[i].Status
			if !isShown(&o.Batches[i], batches) {
				continue
			}
			e := log.Info().Str("batch", s.Batch).Str("state", s.State).Int64("items", s.Items).Int64("submitted", s.Submitted).
				Int64("pending", s.Pending).Int64("in_doubt", s.InDoubt).Int64("failed", s.Failed).
				Str("rate", fmt.Sprintf("%.2f/s", s.Rate))
			if o.Run != nil && s.Reason == "" {
				e = e.Str("limited_by", o.Run.LimitedBy)
			}
			if s.Reason != "" {
				e = e.Str("reason", s.Reason)
			}
			if s.ETA != nil {
				e = e.Time("eta", *s.ETA)
			}
			e.Msg("progress")
		}
	})
}

// every calls do at an interval until done.
func every(interval time.Duration, done <-chan struct{}, do func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
			do()
		}
	}
}
