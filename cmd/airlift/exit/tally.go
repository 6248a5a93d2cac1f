package exit

import (
	"fmt"
	"time"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/service"
)

// Tally counts what a command does to its batches, for the lines that it ends with. The zero Tally has not begun.
type Tally struct {
	began  time.Time
	before map[string]int64 // submitted when it began, by batch
	ended  []service.Status
}

// Begin notes how the batches stand before anything is sent. A command that begins again goes on with its first.
func (t *Tally) Begin(all []queue.Batch) {
	if !t.began.IsZero() {
		return
	}
	t.began, t.before = time.Now(), map[string]int64{}
	for _, b := range all {
		t.before[b.ID] = b.Counts.Submitted
	}
}

// End notes how the batches stand once the work is over.
func (t *Tally) End(all []service.Status) { t.ended = all }

// Lines returns a line for each batch and, unless there is exactly one, one for their total: nothing if the work did not
// begin, or if it is not known how it ended.
func (t *Tally) Lines(code int) (lines []string) {
	if t.began.IsZero() || t.ended == nil {
		return nil
	}
	took, added := time.Since(t.began), int64(0)
	for _, s := range t.ended {
		sent := s.Submitted - t.before[s.Batch]
		lines = append(lines, tallyLine(config.Quote(term.Text(s.Batch)), &s, sent, took, code))
		added += sent
	}
	if n := len(t.ended); n != 1 {
		total := service.Total(t.ended...)
		lines = append(lines, tallyLine(fmt.Sprintf("all %d batches", n), &total, added, took, code))
	}
	return lines
}

// tallyLine is one line. Its form is documented, and others search for it.
func tallyLine(name string, s *service.Status, sent int64, took time.Duration, code int) string {
	perSecond := 0.0
	if took > 0 {
		perSecond = float64(sent) / took.Seconds()
	}
	return fmt.Sprintf("airlift: %s: %s of %s submitted, %s failed, %s in doubt, %s rejected; %s new; %s at %.1f/s; exit %d",
		name, term.Number(s.Submitted), term.Number(s.Items-s.Cancelled), term.Number(s.Failed), term.Number(s.InDoubt), term.Number(s.Rejected),
		term.Number(sent), tookText(took), perSecond, code)
}

// tookText shows how long something took, by its two largest units: 45s, 14m02s, 9h05m, 12d03h.
func tookText(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}
