package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/klauspost/compress/gzip"

	"golang.org/x/time/rate"

	"airlift/manifest"
	"airlift/queue"
	"airlift/queue/plan"
	"airlift/ratelimit/schedule"
)

// wants checks a finding that is not ok, or of which nothing can be told: it says what to do.
func wants(t *testing.T, what string, got Finding, result Result, says string) {
	t.Helper()
	if got.Result != result || !strings.Contains(got.Text, says) || result != OK && got.Do == "" {
		t.Errorf("%s: got %+v, want %s with %q, and what to do", what, got, result, says)
	}
}

func TestJudgeFolder(t *testing.T) {
	pathError := func(err error) error { return &fs.PathError{Op: "open", Path: "/q", Err: err} }
	for name, c := range map[string]struct {
		is   filesystem
		err  error
		want Result
		says string
	}{
		"a disk":              {filesystem{kind: "ext4"}, nil, OK, "ext4"},
		"not known":           {filesystem{}, nil, OK, "writable"},
		"full":                {filesystem{}, pathError(syscall.ENOSPC), NotOK, "no space"},
		"over quota":          {filesystem{}, pathError(syscall.EDQUOT), NotOK, "quota"},
		"read-only":           {filesystem{readOnly: true}, pathError(syscall.EROFS), NotOK, "read-only"},
		"no right":            {filesystem{}, pathError(syscall.EACCES), NotOK, "permission"},
		"broken":              {filesystem{}, pathError(syscall.EIO), NotOK, "input/output"},
		"memory":              {filesystem{kind: "tmpfs", volatile: true}, nil, NotOK, "reboot"},
		"another machine":     {filesystem{kind: "NFS", remote: true}, nil, NotOK, "network"},
		"a program":           {filesystem{kind: "FUSE", foreign: true}, nil, CannotTell, "FUSE"},
		"a container's layer": {filesystem{kind: "overlay", layer: true}, nil, CannotTell, "container"},
	} {
		wants(t, name, judgeFolder("/state", c.is, c.err), c.want, c.says)
	}
}

func TestJudgeSpace(t *testing.T) {
	gib := func(n int64) filesystem { return filesystem{sized: true, free: n << 30} }
	for name, c := range map[string]struct {
		is    filesystem
		items int64
		bits  int
		want  Result
		says  string
	}{
		"enough":             {gib(10), 10_000_000, 64, OK, "10,000,000"},
		"too little":         {gib(1), 10_000_000, 64, NotOK, "4,194,304 items"},
		"full":               {filesystem{sized: true, free: 4096}, 0, 64, NotOK, "nothing"},
		"plenty for any":     {gib(100), 0, 64, OK, "100 GiB"},
		"for how many":       {gib(1), 0, 64, CannotTell, "not known"},
		"a 32-bit system":    {gib(100), 10_000_000, 32, NotOK, "32-bit"},
		"a system not known": {filesystem{}, 0, 64, CannotTell, "not known"},
	} {
		wants(t, name, judgeSpace(c.is, c.items, c.bits), c.want, c.says)
	}
}

func TestJudgeClocks(t *testing.T) {
	for _, c := range []struct {
		air, s3 string // how far they are ahead; "": not seen
		want    Result
		says    string
	}{
		{"0s", "0s", OK, "AiR's and S3's"},
		{"59s", "-59s", OK, "AiR's and S3's"},
		{"0s", "", OK, "AiR's"},
		{"", "1s", OK, "S3's"},
		{"", "", CannotTell, "no server"},
		{"2m", "2m", NotOK, "this machine's is 2m0s behind AiR's and S3's"},
		{"-26h", "-26h", NotOK, "this machine's is 26h0m0s ahead of AiR's and S3's"},
		{"2m", "0s", NotOK, "AiR's is off"},
		{"0s", "-2m", NotOK, "S3's is off"},
		{"2m", "-2m", NotOK, "which differ as well"},
		{"2m", "", NotOK, "cannot be told"},
		{"", "2m", NotOK, "cannot be told"},
	} {
		var both clocks
		for i, text := range []string{c.air, c.s3} {
			if text != "" {
				both[i].seen = true
				both[i].ahead, _ = time.ParseDuration(text)
			}
		}
		wants(t, c.air+" "+c.s3, judgeClocks(both), c.want, c.says)
	}
}

// A Date has whole seconds, and was written between request and answer: such an offset is none.
func TestTheTimeOfARequestIsNoOffset(t *testing.T) {
	at := time.Date(2026, 1, 1, 12, 0, 0, 500e6, time.UTC)
	for _, c := range []struct {
		date string
		took time.Duration
		want time.Duration
	}{
		{"12:00:00", 0, 0}, {"12:01:30", 2 * time.Minute, 0}, {"12:05:00", time.Minute, 4*time.Minute - 500*time.Millisecond}, {"11:58:00", time.Minute, -2*time.Minute + 500*time.Millisecond},
	} {
		var e exam
		date, err := time.Parse(time.DateTime, "2026-01-01 "+c.date)
		if err != nil {
			t.Fatal(err)
		}
		e.saw(airClock, date, at, at.Add(c.took))
		if got := e.clocks[airClock]; !got.seen || got.ahead != c.want {
			t.Errorf("%s after %v: got %+v, want %v", c.date, c.took, got, c.want)
		}
	}
}

func TestJudgeLimits(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		rate       rate.Limit
		hours      schedule.Config
		day, items int64
		want       Result
		says, do   string
	}{
		"a good one":          {rate: 5, items: 1_000_000, want: OK, says: "2 days"},
		"no limit":            {rate: rate.Inf, items: 1_000_000, want: OK, says: "unlimited"},
		"nothing is known":    {rate: 5, day: 20_000, want: OK, says: "--daily-limit 20,000"},
		"a day without room":  {rate: 1, day: 100_000, want: NotOK, says: "86,400 jobs", do: "at 2/s"},
		"the same a slow one": {rate: 0.001, day: 100, want: NotOK, says: "86 jobs", do: "at 5/h"},
		"years":               {rate: 5, day: 1000, items: 1_000_000, want: NotOK, says: "2.7 years"},
		"centuries":           {rate: 5, day: 1, items: 1_000_000, want: NotOK, says: "200 years"},
		"a short window":      {rate: 1, hours: schedule.Config{Windows: []string{"22:00-23:00"}, Zone: "UTC"}, day: 4000, want: NotOK, says: "3,600 jobs"},
		"a table":             {rate: rate.Inf, hours: schedule.Config{Rate: "Mon-Fri 00:00 1/s, Sat 2/s", Zone: "UTC"}, day: 172_800, items: 600_000, want: OK, says: "5 days"},
		"a table too slow":    {rate: rate.Inf, hours: schedule.Config{Rate: "Mon-Fri 00:00 1/s, Sat 2/s", Zone: "UTC"}, day: 172_801, want: NotOK, says: "Mon-Fri"},
	} {
		l := plan.NewLimits(c.rate, c.day)
		var err error
		if l.Hours, err = schedule.Parse(c.hours); err != nil {
			t.Fatal(err)
		}
		got := judgeLimits(l, c.items, now)
		wants(t, name, got, c.want, c.says)
		if !strings.Contains(got.Do, c.do) {
			t.Errorf("%s: it says to do %q, want %q", name, got.Do, c.do)
		}
	}
	if got := judgeLimits(plan.Limits{}, 5, now); got != (Finding{}) {
		t.Errorf("a rate that is wrong: got %+v", got)
	}
}

func TestJudgeOpenFiles(t *testing.T) {
	wants(t, "few", judgeOpenFiles(64, 80), NotOK, "64")
	wants(t, "enough", judgeOpenFiles(1024, 80), OK, "1024")
	wants(t, "none", judgeOpenFiles(0, 80), OK, "no limit")
}

func TestJudgeBucket(t *testing.T) {
	answer := func(status int) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{"X-Amz-Bucket-Region": {"eu-west-2"}}}}, Err: errors.New("odd")}
	}
	p := place{"results", "us-east-1"}
	for name, c := range map[string]struct {
		region string
		err    error
		want   Result
		says   string
	}{
		"there":          {"us-east-1", nil, OK, "is there"},
		"no region told": {"", nil, OK, "is there"},
		"elsewhere":      {"eu-west-2", nil, NotOK, "lies in eu-west-2"},
		"refused there":  {"eu-west-2", answer(403), NotOK, "lies in eu-west-2"},
		"missing":        {"", answer(404), NotOK, "no bucket"},
		"denied":         {"us-east-1", answer(403), CannotTell, "may not look"},
		"moved":          {"", answer(301), NotOK, "refuses"},
		"bad request":    {"", answer(400), NotOK, "refuses"},
		"throttled":      {"", answer(429), CannotTell, ""},
		"trouble":        {"", answer(503), CannotTell, ""},
		"no such host":   {"", fmt.Errorf("sdk: %w", &net.DNSError{Err: "no such host", Name: "s3.us-esat-1"}), NotOK, "not reached"},
		"too late":       {"", context.DeadlineExceeded, CannotTell, ""},
	} {
		wants(t, name, judgeBucket(p, c.region, c.err), c.want, c.says)
	}
	if got := bucketRegion(answer(301)); got != "eu-west-2" {
		t.Errorf("the region of an error: got %q", got)
	}
}

func TestJudgeQueue(t *testing.T) {
	wants(t, "sound", judgeQueue("q", 2, nil), OK, "2 batches")
	wants(t, "none", judgeQueue("q", 0, queue.ErrNotExist), OK, "none yet")
	wants(t, "damaged", judgeQueue("q", 0, fmt.Errorf("x: %w", queue.ErrCorrupt)), NotOK, "q: x")
	wants(t, "no right", judgeQueue("q", 0, fs.ErrPermission), NotOK, "permission")
	wants(t, "else", judgeQueue("q", 0, errors.New("format 9")), NotOK, "format 9")
}

// A check that hangs costs its deadline, and the others are told all the same, in their order.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &exam{Subject: Subject{Deadline: 10 * time.Second}}
		e.Env.Lookup = func(string) (string, bool) { return "", false }
		hang := make(chan struct{})
		began := time.Now()
		all := e.together(t.Context(), []check{one("a", func(context.Context) Finding { <-hang; return ok("late") }),
			one("b", func(context.Context) Finding { return ok("at once") }),
			one("c", func(ctx context.Context) Finding { <-ctx.Done(); return ok("just in time") })})
		if took := time.Since(began); took != 11*time.Second {
			t.Errorf("it took %v", took)
		}
		close(hang)
		if len(all) != 3 || all[1].Check != "b" || all[1].Text != "at once" || all[2].Text != "just in time" {
			t.Fatalf("got %+v", all)
		}
		wants(t, "the one that hangs", all[0], CannotTell, "no answer within 10s")
	})
}

// The rows of a manifest are estimated from its beginning, packed or not.
func TestEstimateRows(t *testing.T) {
	var text strings.Builder
	text.WriteString("bucket,key\n")
	const rows = 150_000
	for i := range rows {
		fmt.Fprintf(&text, "archive,videos/%d/reel %07d.mov\n", i*7919%997, i)
	}
	dir := t.TempDir()
	plain, packed, short := filepath.Join(dir, "m.csv"), filepath.Join(dir, "m.csv.gz"), filepath.Join(dir, "short.csv")
	f, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	_, err = z.Write([]byte(text.String()))
	if err = errors.Join(err, z.Close(), f.Close(), os.WriteFile(plain, []byte(text.String()), 0o600), os.WriteFile(short, []byte("bucket,key\na,b\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int64{plain: rows, packed: rows, short: 2, filepath.Join(dir, "none.csv"): -1, "s3://bucket/": -1} {
		src, err := manifest.ParseSource(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := estimateRows(src); got < want-want/5 || got > want+want/5 {
			t.Errorf("%s: about %d rows, want %d", path, got, want)
		}
	}
}
