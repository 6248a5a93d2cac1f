package term

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"

	"airlift/worker/service"
)

// Bar draws a bar on the terminal until done. now returns how the batches in work stand.
func Bar(terminal io.Writer, done <-chan struct{}, now func() []service.Status) {
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(terminal), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond))
	defer func() { _ = bar.Finish() }() // what cannot be drawn is not missed
	every(500*time.Millisecond, done, func() {
		var items, ended int64
		text := ""
		for _, s := range now() {
			items += s.Items
			ended += s.Submitted + s.Failed + s.Cancelled
			text = barText(&s)
		}
		if items > 0 {
			bar.ChangeMax64(items)
			bar.Describe(Text(text))
			_ = bar.Set64(ended)
		}
	})
}

// barText says in a few words how a batch stands.
func barText(s *service.Status) string {
	if s.PausedUntil != nil {
		return fmt.Sprintf("paused until %s", s.PausedUntil.Format("15:04:05Z"))
	}
	text := fmt.Sprintf("%s %.3g/s", s.State, s.Rate)
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d failed", s.Failed)
	}
	if s.InDoubt > 0 {
		text += fmt.Sprintf(", %d in_doubt", s.InDoubt)
	}
	if s.Reason != "" {
		return text + ", " + Cut(s.Reason, 100)
	}
	if s.ETA != nil {
		text += ", done by " + s.ETA.Local().Format("Jan 2 15:04")
	}
	return text
}

// LogProgress logs a line for each batch at an interval until done.
func LogProgress(log zerolog.Logger, interval time.Duration, done <-chan struct{}, now func() []service.Status) {
	every(interval, done, func() {
		for _, s := range now() {
			e := log.Info().Str("batch", s.Batch).Str("state", s.State).Int64("items", s.Items).Int64("submitted", s.Submitted).
				Int64("pending", s.Pending).Int64("in_doubt", s.InDoubt).Int64("failed", s.Failed).
				Str("rate", fmt.Sprintf("%.2f/s", s.Rate))
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
