package term

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/rs/zerolog"

	"airlift/worker/service"
	"airlift/worker/service/eventlog"
)

// The bar has the numbers of the overview at each width.
func TestBar(t *testing.T) {
	o := running()
	paused, _ := screens()["paused"]()
	for _, c := range []struct {
		width   int
		o       *service.Overview
		batches []string
		want    string
	}{
		{39, &o, nil, "45% 912,689 of 2,000,500  4.12/s of ..."},
		{79, &o, nil, "[####x------] 45% 912,689 of 2,000,500  4.12/s of 5/s: limited by AiR's late..."},
		{79, &o, []string{"tonight"}, "[-----------] 0% 0 of 500  4.12/s of 5/s: limited by AiR's latency: an answe..."},
		{210, &o, []string{"done"}, "[#################################] 100% 100 of 100  4.12/s of 5/s: limited by AiR's latency: an answer takes 2.31s, and all 8 workers wait for one"},
		{210, &o, []string{"archive-2024-1a2b3c4d"}, "[##############x------------------] 45% 912,689 of 2,000,000  4.12/s of 5/s: limited by AiR's latency: an answer takes 2.31s, and all 8 workers wait for one, 344 failed, 3 in doubt, done by Nov 29 15:00 UTC"},
		{79, paused, nil, "[####x------] 45% 912,689 of 2,000,500  paused until Nov 27 00:00 UTC, in 12..."},
	} {
		got := View{Width: c.width, Now: noon}.Bar(c.o, c.batches)
		if got != c.want || ansi.StringWidth(got) > c.width {
			t.Errorf("%d cells, %v:\n%q, want\n%q", c.width, c.batches, got, c.want)
		}
	}
	for width := 0; width < 200; width += 1 + width/8 {
		for name, screen := range screens() {
			if o, _ := screen(); o != nil {
				if got := (View{Width: width, Now: noon}.Bar(o, nil)); ansi.StringWidth(got) > width || !IsPlain(got) {
					t.Fatalf("%s in %d cells: %q", name, width, got)
				}
			}
		}
	}
}

// writes records each call of Write.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(p))
	return len(p), nil
}

// A log line and the bar never tear each other: each write clears the bar, and ends with a whole bar below whole lines.
func TestTheBarTearsNoLogLine(t *testing.T) {
	w := &writes{}
	line := NewStatusLine(w)
	log := zerolog.New(ConsoleLog(line, true))
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			for i := range 100 {
				log.Warn().Int("n", i).Msg("a line")
			}
		})
	}
	for i := range 100 {
		line.Set(fmt.Sprintf("%d%%", i))
	}
	working.Wait()
	line.Set("")
	lines := 0
	for i, text := range w.all[1:] {
		before, bar := "", strings.TrimPrefix(text, clearLine)
		if at := strings.LastIndexByte(text, '\n'); at >= 0 {
			before, bar = text[:at], text[at+1:]
			lines++
		}
		shown := strings.HasSuffix(strings.TrimSuffix(w.all[i], "\n"), "%")
		if shown && !strings.HasPrefix(text, clearLine) || strings.Count(before, "\n") != 0 || before != "" && !strings.Contains(before, "a line") ||
			bar != "" && !strings.HasSuffix(bar, "%") {
			t.Fatalf("after %q: %q", w.all[i], text)
		}
	}
	if lines < 390 || w.all[len(w.all)-1] != clearLine {
		t.Errorf("%d lines, at last %q", lines, w.all[len(w.all)-1])
	}
}

// Without a terminal there is a block for each change, and none while nothing changes.
func TestWatchLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		asked := 0
		now := func(context.Context) (service.Overview, error) {
			o := running()
			o.Time = time.Now()
			switch asked++; {
			case asked == 3:
				return service.Overview{}, errors.New("broken\npipe")
			case asked == 6:
				o.Run, o.ETA, o.Events = nil, nil, append(o.Events, eventlog.Event{Seq: 3, Time: noon.Add(-time.Second), Level: "info", Text: hostile, Count: 1})
				o.Account.State, o.Account.Reason, o.Account.PausedUntil = "paused", "daily cap", ptr(noon.Add(12*time.Hour))
			case asked > 6:
				end()
			}
			return o, nil
		}
		var b bytes.Buffer
		if err := WatchLines(ctx, &b, time.Minute, now); err != nil {
			t.Fatal(err)
		}
		const running = `4.12/s of 5/s: limited by AiR's latency: an answer takes 2.31s, and all 8 workers wait for one; today 41,234 submitted, of 50,000 jobs a day (--daily-limit); done by 2026-11-29T15:00:00Z
`
		const rest = `  done: 100%, 100 of 100: 100 submitted, 0 failed, 0 in doubt, 0 pending
  archive-2024-1a2b3c4d: 45%, 912,689 of 2,000,000: 912,345 submitted, 344 failed, 3 in doubt, 1,087,311 pending
  tonight: 0%, 0 of 500: 0 submitted, 0 failed, 0 in doubt, 500 pending
  waiting: 0%, 0 of 0: 0 submitted, 0 failed, 0 in doubt, 0 pending
  failed: 300 x BAD_REQUEST: source object not found or inaccessible (for example "clips/2024/a.mov" of archive-2024-1a2b3c4d)
  failed: 44 x no code: the services are not known (for example "clips/2024/b.mov" of archive-2024-1a2b3c4d)
`
		want := "2000-01-01T00:00:00Z " + running + rest +
			`  2026-11-26T11:59:00Z info: the pause is over: a canary goes first
  2026-11-26T11:59:59Z warn: (12 times) archive-2024-1a2b3c4d: answer code=BAD_REQUEST error=source object not found or inaccessible key=clips/2024/a.mov line=3
2000-01-01T00:02:00Z problem: broken\npipe
2000-01-01T00:03:00Z ` + running + rest +
			"2000-01-01T00:05:00Z no run; paused: daily cap; paused until 2026-11-27T00:00:00Z; today 41,234 submitted, of 50,000 jobs a day (--daily-limit)\n" + rest +
			"  2026-11-26T11:59:59Z info: " + Text(hostile) + "\n"
		if got := b.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// What is written above the line may be nothing.
func TestNothingAboveTheBar(t *testing.T) {
	line := NewStatusLine(&writes{})
	line.Set("50%")
	if n, err := line.Write(nil); n != 0 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

// Whoever closes what now reads from may do so when Watch has returned.
func TestWatchEndsWhatItAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		var asked atomic.Bool
		now := func(ctx context.Context) (service.Overview, error) {
			asked.Store(true)
			defer asked.Store(false)
			end()
			time.Sleep(time.Second)
			return service.Overview{}, ctx.Err()
		}
		if err := Watch(ctx, nil, io.Discard, false, now); err != nil {
			t.Error(err)
		}
		if asked.Load() {
			t.Error("an overview is still asked for")
		}
	})
}

// The line of serve has the state of what has items left.
func TestServing(t *testing.T) {
	left := service.Status{State: "paused", Submitted: 2, Pending: 1000}
	done := service.Status{State: "idle", Submitted: 5}
	for want, batches := range map[string][]service.Status{
		"waiting for items":                      {done},
		"paused: 12 items submitted, 1,000 left": {done, left, done},
		"stopped: 3 items submitted, 0 left":     {{State: "stopped", Submitted: 3}},
	} {
		if got := Serving(batches); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Serving(nil); got != "waiting for items" {
		t.Errorf("no batches: %q", got)
	}
}
