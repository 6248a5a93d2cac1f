package term

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"airlift/queue"
	"airlift/worker/service"
	"airlift/worker/service/eventlog"
)

var update = flag.Bool("update", false, "write the expected screens anew")

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// hostile is a key that tries to move the cursor, to hide, and to be markup.
const hostile = "clips/\x1b[2J\x1b]0;title\a\r\n\u202emov.exe\u200b<b>&amp;</b>\x9b31m\xff.mov"

// wide is a key of characters that take two cells each.
const wide = "アーカイブ/二〇二四年/記録映像/大阪支社/第一四半期/編集済み/最終版/映像素材一覧.mov"

func batchOf(id string, submitted, failed, pending int64, change ...func(*service.BatchOverview)) service.BatchOverview {
	b := service.BatchOverview{Worked: true, Status: service.Status{Batch: id, Items: submitted + failed + pending, Submitted: submitted, Failed: failed, Pending: pending}}
	for _, c := range change {
		c(&b)
	}
	return b
}

// running is a run at work.
func running() service.Overview {
	return service.Overview{
		Schema: 1, Time: noon, Queue: "/home/archive/.local/state/airlift/queue.db",
		Account: service.AccountOverview{Name: "default", State: "running", Submitted: 41_234, DailyLimit: ptr(int64(50_000))},
		Run: &service.RunOverview{PID: 4711, Host: "archive-1", Since: noon.Add(-30 * time.Hour), Address: "https://air.example.com", Activity: "running", Rate: 4.123,
			LimitedBy: "latency", Limit: "4.12/s of 5/s: limited by AiR's latency: an answer takes 2.31s, and all 8 workers wait for one"},
		ETA: ptr(noon.Add(75 * time.Hour)), InDoubt: 3,
		Batches: []service.BatchOverview{
			batchOf("done", 100, 0, 0, func(b *service.BatchOverview) { b.Worked = false }),
			batchOf("archive-2024-1a2b3c4d", 912_345, 344, 1_087_311, func(b *service.BatchOverview) { b.InDoubt, b.ETA = 3, ptr(noon.Add(75*time.Hour)) }),
			batchOf("tonight", 0, 0, 500, func(b *service.BatchOverview) { b.Incomplete = true }),
			batchOf("waiting", 0, 0, 0, func(b *service.BatchOverview) { b.Worked = false }),
		},
		Errors: []service.ErrorOverview{
			{ErrorCount: queue.ErrorCount{Code: "BAD_REQUEST", Message: "source object not found or inaccessible", Count: 300, ExampleKey: "clips/2024/a.mov"}, Batch: "archive-2024-1a2b3c4d"},
			{ErrorCount: queue.ErrorCount{Message: "the services are not known", Count: 44, ExampleKey: "clips/2024/b.mov"}, Batch: "archive-2024-1a2b3c4d"},
		},
		Events: []eventlog.Event{
			{Seq: 1, Time: noon.Add(-time.Minute), Level: "info", Text: "the pause is over: a canary goes first", Count: 1},
			{Seq: 2, Time: noon.Add(-time.Second), Level: "warn", Text: "answer code=BAD_REQUEST error=source object not found or inaccessible key=clips/2024/a.mov line=3", Batch: "archive-2024-1a2b3c4d", Count: 12},
		},
	}
}

// screens are overviews and how they came.
func screens() map[string]func() (*service.Overview, error) {
	of := func(change func(*service.Overview)) func() (*service.Overview, error) {
		return func() (*service.Overview, error) { o := running(); change(&o); return &o, nil }
	}
	return map[string]func() (*service.Overview, error){
		"running": of(func(*service.Overview) {}),
		"problem": func() (*service.Overview, error) {
			o := running()
			return &o, errors.New("the process that holds the queue does not answer: dial unix \x1b[31m/run/x.sock: connect: connection refused")
		},
		"nothing": func() (*service.Overview, error) { return nil, nil },
		"empty": of(func(o *service.Overview) {
			*o = service.Overview{Queue: o.Queue, Account: service.AccountOverview{State: "idle"}}
		}),
		"paused": of(func(o *service.Overview) {
			until := noon.Add(12*time.Hour + 5*time.Second)
			o.Account.State, o.Account.Reason, o.Account.PausedUntil = "paused", "daily cap reached: HTTP 429 <b>Too many</b>\n", &until
			o.Account.DailyLimit, o.Account.LearnedCap = nil, ptr(int64(41_234))
			o.Run.LimitedBy, o.Run.Limit = "gate", "paused: daily cap reached: HTTP 429 <b>Too many</b>\n"
		}),
		"stopped": of(func(o *service.Overview) {
			o.Run, o.ETA = nil, nil
			o.Account.State, o.Account.Reason, o.Account.Since = "stopped", "monthly quota reached: HTTP 403 QuotaExceeded", ptr(noon.Add(-50*time.Hour))
		}),
		"stoppedbyhand": of(func(o *service.Overview) {
			o.Run, o.ETA = nil, nil
			o.Account.State, o.Account.Reason, o.Account.ByHand = "stopped", "monthly quota reached: HTTP 403 QuotaExceeded", &service.HandPause{Reason: "disk"}
		}),
		"twelve": of(func(o *service.Overview) {
			o.Batches = nil
			for i := range 12 {
				o.Batches = append(o.Batches, batchOf(fmt.Sprintf("batch-%02d", i), int64(i*100), 0, 1000))
			}
		}),
		"steered": of(func(o *service.Overview) {
			o.Account.ByHand = &service.HandPause{Until: ptr(noon.Add(time.Hour)), Reason: "the disk is full"}
			o.Batches[1].ByHand, o.Batches[1].Share = &service.HandPause{Reason: hostile}, 7
			o.Batches[2].Share = 100
		}),
		"hostile": of(func(o *service.Overview) {
			o.Queue, o.Run.Host = hostile, hostile
			o.Batches = []service.BatchOverview{batchOf(hostile, 1, 1, 1), batchOf(wide, 1, 0, 1), batchOf(strings.Repeat("long", 64), 1, 0, 0)}
			o.Errors = []service.ErrorOverview{
				{ErrorCount: queue.ErrorCount{Code: hostile, Message: hostile, Count: 2, ExampleKey: hostile}, Batch: hostile},
				{ErrorCount: queue.ErrorCount{Code: "X", Message: wide, Count: 1, ExampleKey: wide + wide}, Batch: wide},
			}
			o.Events = []eventlog.Event{{Time: noon, Level: "warn", Text: hostile, Batch: hostile, Count: 1}, {Time: noon, Level: "error", Text: wide + wide, Batch: wide, Count: 1}}
		}),
	}
}

// The screens are those in testdata at each width: no line is wider, and no value changes the layout.
func TestScreens(t *testing.T) {
	for name, screen := range screens() {
		for width, height := range map[int]int{40: 36, 80: 24, 140: 30} {
			o, problem := screen()
			lines := View{Width: width, Height: height, Now: noon}.Lines(o, problem)
			if len(lines) != height {
				t.Errorf("%s: %d lines, want %d", name, len(lines), height)
			}
			for _, line := range lines {
				if w := ansi.StringWidth(line); w > width || !IsPlain(line) {
					t.Errorf("%s at %d: a line has %d cells: %q", name, width, w, line)
				}
			}
			got, path := strings.Join(lines, "\n")+"\n", filepath.Join("testdata", fmt.Sprintf("%s-%d.txt", name, width))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s at %d (-update writes it anew): %s", name, width, diff)
			}
		}
	}
}

// A screen keeps to any size, and colors change nothing but the colors.
func TestScreensOfAnySize(t *testing.T) {
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for name, screen := range screens() {
		for width := 0; width < 210; width += 3 + width/8 {
			for _, height := range []int{1, 5, 13, 24} {
				o, problem := screen()
				v := View{Width: width, Height: height, Now: noon}
				plain := v.Lines(o, problem)
				if len(plain) != height {
					t.Fatalf("%s at %dx%d: %d lines", name, width, height, len(plain))
				}
				v.Color = true
				for i, line := range v.Lines(o, problem) {
					if without := sgr.ReplaceAllString(line, ""); without != plain[i] || ansi.StringWidth(line) > max(width, 1) {
						t.Fatalf("%s at %dx%d: got %q, and without colors %q", name, width, height, line, plain[i])
					}
				}
			}
		}
	}
}
