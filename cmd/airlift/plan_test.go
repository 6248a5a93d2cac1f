package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"airlift/cmd/airlift/exit"
	"airlift/queue/plan"
	"airlift/worker/air/airtest"
)

const goldenPlan = `batch      night (new)
           plan: nothing was stored or sent
rows       9 = 5 new + 0 known + 1 duplicates + 1 rejected + 2 skipped
           1 skipped: file type
           1 skipped: folder marker
to send    5 items, 12 GiB
first jobs s3://archive/a/1.mov with {"ocr":"","s2t":""}
           s3://archive/a/2.wav with {"ocr":"","s2t":""}
           s3://archive/a/3.mov with {"ocr":"","s2t":""}
done by    WHEN
           at 5 requests a second (--rate) and 2 jobs a day (--daily-limit)
saved      5 new items to new.csv
rejected   line 8 "a/4.mov": m.csv: the name is blank; give one, or leave it empty to have one made

TYPE    ITEMS     BYTES
video       2    11 GiB
audio       2   1.5 GiB
other       1      12 B

SIZE              ITEMS     BYTES
under 1.0 MiB         1      12 B
under 1.0 GiB         2   1.0 GiB
under 10 GiB          1   1.0 GiB
10 GiB and more       1    10 GiB

PREFIX              ITEMS     BYTES
s3://archive/a/         4    12 GiB
s3://archive/b/x/       1   512 MiB
`

const mixedCSV = "bucket,key\narchive,a.mov\narchive,b.mov\narchive,a.mov\narchive,\narchive,c.txt\n"

// plan runs airlift plan --json.
func (r *rig) plan(t *testing.T, code int, args ...string) plan.Plan {
	t.Helper()
	got := r.run(append([]string{"plan", "--json"}, args...)...).want(t, code)
	var p plan.Plan
	if err := json.Unmarshal([]byte(got.stdout), &p); err != nil || strings.Count(got.stdout, "\n") != 1 {
		t.Fatalf("--json: %v in %s", err, got.stdout)
	}
	return p
}

// What a plan says of the objects comes from the source's own fields, whatever other names a row has.
func TestPlanTakesNoDetailsFromOddNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	odd := r.file("m.jsonl", `{"bucket":"archive","key":"a.mov","\u0000duration":"60","\u0000audio_channels":"8"}`+"\n"+
		`{"bucket":"archive","key":"b.mov","size":"7","duration":"a while"}`+"\n")
	saved := filepath.Join(r.dir, "new.jsonl")
	p := r.plan(t, exit.OK, odd, "--save", saved)
	if p.ToSend.Items != 2 || p.ToSend.Sized != 1 || p.ToSend.Bytes != 7 || p.Timed != 0 || len(p.AudioChannels) != 0 {
		t.Errorf("got %+v, %d timed, channels %v", p.ToSend, p.Timed, p.AudioChannels)
	}
	rows, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"\u0000duration":"60"`, `"size":"7"`, `"duration":"a while"`} {
		if !strings.Contains(string(rows), want) {
			t.Errorf("saved: got %s, want %s in it", rows, want)
		}
	}
}

// plan needs no access to AiR, stores and sends nothing, and leaves no file but the one it was asked for.
func TestPlan(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	for _, name := range []string{"AIRLIFT_AIR_URL", "WASABI_ACCESS_KEY", "WASABI_SECRET_KEY", "AIRLIFT_RATE"} {
		r.setenv(name, "")
	}
	m := r.file("m.csv", mixedCSV)
	before := r.files()
	r.run("plan", m, "--exclude", "*.txt").want(t, exit.Incomplete).
		says(t, "5 = 2 new + 0 known + 1 duplicates + 1 rejected + 1 skipped", "1 skipped: excluded", "line 5", "no key", "cap is not known")
	p := r.plan(t, exit.Incomplete, m, "--exclude", "*.txt", "--daily-limit", "1")
	if p.Rows != 5 || p.New != 2 || p.Days != 2 || p.Exists || *p.PerDay != 1 || p.Rejects[0].Line != 5 || p.Finish == nil || p.ToSend.Items != 2 {
		t.Errorf("--json: got %+v", p)
	}
	r.unsent()
	r.noQueue()
	if after := r.files(); !maps.Equal(before, after) {
		t.Errorf("plan left files: %v before, %v after", slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	}
}

// What plan says of a scan, to the letter.
func TestPlanOfAScan(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	r.setenv("AIRLIFT_AIR_URL", "")
	r.setenv("AIRLIFT_RATE", "")
	for key, size := range map[string]int64{"a/1.mov": 10 << 30, "a/2.wav": 1 << 30, "a/3.mov": 512 << 20, "b/x/4.wav": 512 << 20, "a/readme.txt": 12, "a/": 1, "x.json": 5} {
		s3.PutSized("archive", key, size)
	}
	m := r.file("m.csv", "bucket,key,name\narchive,a/1.mov,\n\n\n\n\n\narchive,a/4.mov, \n")
	got := r.run("plan", "s3://archive/", m, "--batch", "night", "--daily-limit", "2", "--save", "new.csv", "--types", "video,audio,.txt").want(t, exit.Incomplete)
	when := regexp.MustCompile(`done by    \S+ \(.*\); something is sent on 3 days`)
	if out := strings.ReplaceAll(when.ReplaceAllString(got.stdout, "done by    WHEN"), r.dir+"/", ""); out != goldenPlan {
		t.Errorf("got\n%s\nwant\n%s", out, goldenPlan)
	}
}

// withoutControls leaves out what no name may hold.
func withoutControls(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' {
			return -1
		}
		return r
	}, s)
}

// What was saved is read back as the same items, with all that was theirs.
func TestPlanSave(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"new.csv", "new.jsonl"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			var rows strings.Builder
			for i, key := range append(slices.Clone(oddKeys), "S3://other/x.mov", "s3://s3://y.mov") {
				row := map[string]any{"bucket": "archive", "key": "s3://archive/" + key, "asset id": "A" + key}
				switch i % 4 {
				case 1:
					row["priority"], row["services"] = 3, map[string]any{"logo": map[string]any{"config": map[string]any{"x": 1.5}}}
				case 2:
					row["name"], row["destination_bucket"] = "Name, of \""+withoutControls(key[:min(9, len(key))]), "elsewhere"
				case 3:
					row["region"], row["endpoint"], row["destination_region"] = "us-1", "s3.example.com", "eu-2"
				}
				b, err := json.Marshal(row)
				if err != nil {
					t.Fatal(err)
				}
				rows.Write(append(b, '\n'))
			}
			m := r.file("m.jsonl", rows.String())
			r.run("plan", m, "--save", name).want(t, exit.OK)
			r.run("enqueue", m, "--batch", "direct", "--queue", "direct.db").want(t, exit.OK)
			r.run("enqueue", name, "--batch", "direct", "--queue", "saved.db").want(t, exit.OK)
			// The reports hold all that is known of the items, but the lines of JSONL and CSV may differ.
			strip := regexp.MustCompile(`"line":\d+,`)
			direct := r.run("report", "direct", "--queue", "direct.db", "--format", "jsonl").want(t, exit.OK).stdout
			saved := r.run("report", "direct", "--queue", "saved.db", "--format", "jsonl").want(t, exit.OK).stdout
			if direct, saved = strip.ReplaceAllString(direct, ""), strip.ReplaceAllString(saved, ""); direct != saved {
				t.Errorf("other items were read from %s:\n%s\nwant\n%s", name, saved, direct)
			}
			// The batch that read the original knows every row of the copy as its own.
			r.run("enqueue", name, "--batch", "direct", "--queue", "direct.db").want(t, exit.OK).says(t, "0 added + 41 known")
		})
	}
}

// Against a queue: what is known is not saved, what is pending is still to be sent, and run takes exactly what was saved.
func TestPlanOnAQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key\narchive,a.mov\narchive,b.mov\narchive,c.wav\n")
	r.run("run", m, "--batch", "b", "--workers", "1", "--max-items", "1").want(t, exit.WorkLeft)
	r.file("m.csv", "bucket,key,priority\narchive,a.mov,\narchive,d.mov,\narchive,b.mov,\narchive,e.pdf,\narchive,c.wav,4\narchive,d.mov,\n")
	p := r.plan(t, exit.Incomplete, m, "--batch", "b", "--save", "new.csv")
	if !p.Exists || p.New != 2 || p.Known != 2 || p.Duplicates != 1 || p.Rejected != 1 || p.Queue.Submitted != 1 || p.Queue.Pending != 2 || p.ToSend.Items != 4 {
		t.Errorf("got %+v", p)
	}
	if got, err := os.ReadFile(r.dir + "/new.csv"); err != nil || string(got) != "bucket,key\narchive,d.mov\narchive,e.pdf\n" {
		t.Errorf("saved %q (%v)", got, err)
	}
	r.run("run", "new.csv", "--batch", "b").want(t, exit.OK).says(t, "2 = 2 added")
	r.settled(5)
	if p := r.plan(t, exit.OK, "new.csv", "--batch", "b"); p.New != 0 || p.ToSend.Items != 0 || p.Finish != nil || p.Days != 0 {
		t.Errorf("when all is done: got %+v", p)
	}
}

// The cap that AiR showed is reckoned with, until the flag says otherwise.
func TestPlanLearnsTheDailyCap(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 20}})
	r.air.SetMidnightIn(12 * time.Hour)
	m := r.manifest("archive.csv", 50)
	if p := r.plan(t, exit.OK, m); p.PerDay != nil || p.PerDayFrom != "" || p.Rate != nil {
		t.Errorf("before anything was sent: got %+v", p)
	}
	r.run("run", m, "--on-daily-cap", "exit").want(t, exit.WorkLeft)
	p := r.plan(t, exit.OK, m)
	if p.PerDay == nil || *p.PerDay != 20 || p.PerDayFrom != "learned" || p.ToSend.Items != 30 || p.Days != 2 {
		t.Errorf("after a capped day: got %+v", p)
	}
	if p := r.plan(t, exit.OK, m, "--daily-limit", "10"); *p.PerDay != 10 || p.PerDayFrom != "daily-limit" || p.Days != 3 {
		t.Errorf("with --daily-limit: got %+v", p)
	}
}

// Where not everything can be read, nothing is saved, and what was there stays.
func TestPlanSavesAllOrNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	broken := r.file("broken.csv", goodCSV+"archive,\"c.mov\n")
	r.file("new.csv", "before")
	r.run("plan", broken, "--save", "new.csv").want(t, exit.Incomplete).says(t, "nothing was saved", "2 new", "not read to its end")
	m := r.file("m.csv", mixedCSV)
	r.run("plan", m, "--strict", "--save", "new.csv").want(t, exit.Incomplete).says(t, "nothing was saved", "line 5")
	for args, says := range map[string]string{"m.csv": "would replace a SOURCE", "x.xml": ".csv, .jsonl or .ndjson", "no/where.csv": "no folder no"} {
		r.run("plan", m, "--save", args).want(t, exit.Usage).says(t, says)
	}
	r.run("plan", m, "--rate", "fast").want(t, exit.Usage).says(t, "--rate")
	r.run("plan", m, "--daily-limit", "-1").want(t, exit.Usage).says(t, "--daily-limit")
	files := r.files()
	if files["new.csv"] != "before" || files["m.csv"] != mixedCSV || len(files) != 3 {
		t.Errorf("the files are now %q", files)
	}
}

// A saved manifest tells what is new by its contents too, so that a run takes the changed objects which the plan found.
func TestPlanSavesChangedObjects(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	for _, key := range []string{"a.mov", "b.mov", "c.mov"} {
		s3.Put("archive", key, []byte("first of "+key))
	}
	scan := []string{"s3://archive/", "--batch", "nightly", "--changed"}
	r.run(append([]string{"run"}, scan...)...).want(t, exit.OK)
	s3.Put("archive", "b.mov", []byte("other of b.mov"))
	s3.Put("archive", "d.mov", []byte("first of d.mov"))
	if p := r.plan(t, exit.OK, append(scan, "--save", "new.csv")...); p.New != 2 || p.Known != 2 || p.ToSend.Sized != 2 {
		t.Errorf("got %+v", p)
	}
	r.run("run", "new.csv", "--batch", "nightly", "--changed").want(t, exit.OK).says(t, "2 = 2 added")
	if got := r.air.Accepted(); got != 5 {
		t.Errorf("%d jobs, want 5", got)
	}
	if p := r.plan(t, exit.OK, scan...); p.New != 0 || p.Known != 4 {
		t.Errorf("after it: got %+v", p)
	}
}

// However several sources spell the columns that describe an object, they stand once in what is saved.
func TestPlanSavesEachColumnOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	a := r.file("a.csv", "bucket,key,Size,note\narchive,a.mov,7,x\n")
	b := r.file("b.csv", "bucket,key,E Tag,size,\narchive,b.mov,abc,8,y\n")
	r.run("plan", a, b, "--batch", "b", "--save", "new.csv").want(t, exit.OK).says(t, "15 B")
	got := r.files()["new.csv"]
	if want := "bucket,key,Size,note,E Tag,\narchive,a.mov,7,x,,\narchive,b.mov,8,,abc,y\n"; got != want {
		t.Errorf("saved %q, want %q", got, want)
	}
	r.run("plan", "new.csv").want(t, exit.OK).says(t, "2 = 2 new", "15 B")
}
