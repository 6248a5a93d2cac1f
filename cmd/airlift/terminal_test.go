package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/hold"
	"airlift/queue/queuetest"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/service"
)

// hostile has what steers a terminal or does not show: C0 (with the sequences that clear the screen and set the title),
// DEL, C1, both bidirectional kinds, zero-width characters, a byte order mark and a tag.
const hostile = "h\x1b[2J\x1b]0;owned\a\r\x7f\u009b31m\u202egpj\u2066\u2069\u200b\ufeff\U000e0041"

// lying is that and a line that airlift did not write.
const lying = hostile + "\nFORGED"

// hostileID is as much of it as the id of a batch may have.
const hostileID = "b\u202egpj\u2066\u2069\u200b\ufeff\U000e0041"

// steersNothing fails the test if a command wrote a character which a terminal obeys or does not show. Reports and the
// scripts of completions are byte-exact.
func (r *rig) steersNothing(args []string, g result) {
	r.t.Helper()
	text := g.stderr
	if len(args) == 0 || args[0] != "report" && args[0] != "completion" {
		text += g.stdout
	}
	if strings.Contains("\n"+text, "\nFORGED") {
		r.t.Errorf("airlift %q shows a line that a value has made:\n%s", args, text)
	}
	for i, c := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		invalid := c == utf8.RuneError && size == 1
		if invalid || unicode.IsControl(c) && c != '\n' || unicode.Is(unicode.Cf, c) {
			r.t.Errorf("airlift %q shows %U raw in %q", args, c, text[max(i-60, 0):min(i+20, len(text))])
			return
		}
	}
}

// validJSON fails the test unless each line of a text is a JSON value.
func validJSON(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%s has a line that is no JSON: %s", what, line)
		}
	}
}

// plantQueue makes a queue in which every text is hostile, as a file from elsewhere may be.
func (r *rig) plantQueue() {
	r.t.Helper()
	ctx := r.t.Context()
	db, err := bolt.Open(r.queue, bolt.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	must := func(err error) {
		r.t.Helper()
		if err != nil {
			r.t.Fatal(err)
		}
	}
	field := []queue.Field{{Name: hostile, Value: lying + "\xff"}}
	settings := queue.Settings{JobFields: queue.JobFields{Services: []byte(`{"ocr":{}}`), DestinationBucket: lying, DestinationRegion: lying}}
	must(db.CreateBatch(ctx, queue.Batch{ID: hostileID, Settings: settings}))
	must(db.BeginReading(ctx, hostileID, false))
	chunk := queue.Chunk{
		Rejected: []queue.Rejected{{Line: 9, Bucket: lying, Key: lying, Reason: lying + "\xff", Extra: field}},
		Skipped:  map[string]int64{lying: 2},
	}
	for i := range 6 {
		chunk.Items = append(chunk.Items, queue.Item{Line: int64(i + 1), Bucket: lying, Key: fmt.Sprint(lying, i, ".mov"), Extra: field})
	}
	_, err = db.Add(ctx, hostileID, chunk)
	must(err)
	must(db.EndReading(ctx, hostileID, true))
	claimed, err := queuetest.On(db).Claim(ctx, queue.ClaimRequest{Batches: []string{hostileID}, Max: 4, Day: queue.DayOf(time.Now())})
	must(err)
	var results []queue.Result
	for i, c := range claimed {
		is := queue.Result{Batch: hostileID, Seq: c.Seq, To: queue.Failed, Sent: true, Attempted: true, HTTPStatus: 400, Code: lying, Message: lying, At: time.Now()}
		switch i {
		case 0, 1:
			is.To, is.JobID = queue.Submitted, lying+strconv.Itoa(i)
		case 2:
			is.To = queue.InDoubt
		}
		results = append(results, is)
	}
	_, err = queuetest.On(db).Finish(ctx, results)
	must(err)
	must(db.SetGate(ctx, queue.DefaultAccount, queue.Gate{PausedUntil: time.Now().Add(time.Hour), Reason: lying, Since: time.Now()}))
	must(db.Close())
}

// runUntil runs a command to its end, or until something is seen and it is told to end in good order.
func (r *rig) runUntil(what string, seen func() bool, args ...string) {
	r.t.Helper()
	p, ended := r.start(args...), make(chan struct{})
	go func() {
		defer close(ended)
		p.wait()
	}()
	eventually(r.t, what, func() bool {
		select {
		case <-ended:
			return true
		default:
			return seen()
		}
	})
	p.signal(syscall.SIGTERM)
	<-ended
}

// A planted queue: no command lets through what is in it, reports but for the Excel form say it byte by byte.
func TestAPlantedQueueSteersNoTerminal(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"console", "json"} {
		r := newRig(t, airtest.Config{})
		r.plantQueue()
		r.setenv("AIRLIFT_LOG_FORMAT", format)
		r.setenv("AIRLIFT_LOG_LEVEL", "debug")
		m := r.file("more.csv", "bucket,key\n\""+lying+"\",\""+lying+"0.mov\"\narchive,b.mov\n")
		r.run("status").want(t, exit.OK).says(t, `\x1b[2J`, `\u202e`, `\U000e0041`)
		r.run("items", hostileID).want(t, exit.OK).says(t, `\x1b[2J`)
		for _, args := range [][]string{
			{"status", hostileID}, {"status", "other\x1b"}, {"check"}, {"report", hostileID + "x"}, {"items", hostileID, "--state", "failed"}, {"retry", hostileID, "--key", hostile},
			{"plan", m, "--batch", hostileID}, {"run", m, "--batch", hostileID, "--dry-run"}, {"enqueue", m, "--batch", hostileID}, {"enqueue", m, "--batch", hostileID, "--strict"},
			{"submit", hostileID, "--on-daily-cap", "exit"}, {"reconcile", hostileID, "--settle", "0s"}, {"reconcile", hostileID, "--verify", "--settle", "0s"},
			{"retry", hostileID}, {"retry", hostileID, "--code", hostile + "x"}, {"resume"}, {"submit", hostileID, "--trust-queue"}, {"adopt", hostileID, m},
			{"cancel", hostileID, "--key", "**"}, {"cancel", hostileID, "--all"}, {"compact"}, {"nonsense" + hostile}, {"status", "--" + hostile}, {"sandbox", "--listen", hostile},
		} {
			r.run(args...)
		}
		for _, args := range [][]string{{"status", "--json"}, {"items", hostileID, "--json"}, {"plan", m, "--batch", hostileID, "--json"}, {"submit", hostileID, "--json"}} {
			got := r.run(args...)
			validJSON(t, strings.Join(args, " "), got.stdout)
			if format == "json" && args[0] != "submit" {
				validJSON(t, strings.Join(args, " "), got.stderr)
			}
		}
		var line struct{ Bucket, Key string }
		first, _, _ := strings.Cut(r.run("items", hostileID, "--json").want(t, exit.OK).stdout, "\n")
		if err := json.Unmarshal([]byte(first), &line); err != nil || line.Bucket != lying || line.Key != lying+"0.mov" {
			t.Errorf("items --json: got %+v, %v", line, err)
		}
		rows := readCSV(t, r.run("report", hostileID).want(t, exit.OK).stdout)
		if rows[1][1] != lying || rows[1][2] != lying+"0.mov" || rows[1][4] != lying+"0" {
			t.Errorf("the report has %q", rows[1])
		}
		excel := r.run("report", hostileID, "--format", "excel").want(t, exit.OK)
		excel.stdout = strings.TrimPrefix(excel.stdout, "\ufeff")
		r.steersNothing([]string{"report --format excel"}, excel)
	}
}

// A planted status file, while another process has the queue.
func TestAPlantedStatusFileSteersNoTerminal(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	db, err := bolt.Open(r.queue, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.Announce(hold.NoSocket) // else each command waits for it to say where it can be asked
	planted, err := json.Marshal(term.StatusFile{Updated: time.Now(), Batches: []service.Status{{
		Batch: hostile, State: lying, Reason: lying, SkippedBy: map[string]int64{lying: 1}, Unmatched: []string{lying},
		Errors: []queue.ErrorCount{{Code: lying, Message: lying, Count: 1, ExampleKey: lying}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r.file("queue.db.status.json", string(planted))
	r.run("status").want(t, exit.OK).says(t, `\x1b[2J`)
	r.run("status", hostile).want(t, exit.OK)
	r.run("status", "x"+hostile)
	validJSON(t, "status --json", r.run("status", "--json").want(t, exit.OK).stdout)
	for _, bad := range []string{hostile, `{"batches":"` + hostile + `"}`, `{"batches":[{"batch":5}]} ` + hostile} {
		r.file("queue.db.status.json", bad)
		r.run("status").want(t, exit.Unexpected)
	}
	r.file("queue.db.lock", `{"pid":1,"host":"`+`\u001b[2J\u202e`+`"}`)
	r.run("submit").want(t, exit.Locked)
}

// Manifests, names of files and settings: each message that tells of them.
func TestHostileInputSteersNoTerminal(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	row := func(bucket, key, services, priority, endpoint string) string {
		return strings.Join([]string{quote(bucket), quote(key), quote(services), quote(priority), quote(endpoint), quote(hostile)}, ",") + "\n"
	}
	head := "bucket,key,services,priority,endpoint," + quote(hostile) + "\n"
	csv := r.file("all.csv", head+row("archive", lying+".mov", "ocr", "1", "")+row(lying, "a.mov", "ocr", "", "https://"+lying)+
		row("archive", "b.mov", lying, "", "")+row("archive", "c.mov", "", lying, "")+row("archive", "d\xff\x9b.mov", "", "", "")+row("archive", "", "", "", ""))
	text, _ := json.Marshal(hostile)
	jsonl := r.file("all.jsonl", fmt.Sprintf(`{"bucket":%s,"key":%s,"name":%[1]s}`+"\n"+`{"bucket":"b","key":%[1]s,%[1]s:%[1]s}`+"\n"+`{%[1]s`+"\n"+hostile+"\n"+`{"key":"\xff"}`+"\n", text, text))
	list := r.file("keys.txt", "a.mov\n"+hostile+".mov\n\xff\xfe\n")
	noHeader := r.file("odd.csv", hostile+","+hostile+"\n"+hostile+","+hostile+"\n")
	named := r.file(strings.ReplaceAll(hostile, "/", "")+".csv", "bucket,key\narchive,n.mov\n")
	filters := r.file("filters.txt", "- "+hostile+"[\n")
	config := r.file("config.toml", `"`+`\u001b[2J\u202e`+`" = "x"`+"\n")
	for _, args := range [][]string{
		{csv}, {jsonl}, {list, "--source-bucket", "archive"}, {noHeader}, {named}, {filepath.Join(r.dir, "no"+hostile+".csv")}, {csv, jsonl},
		{csv, "--columns", hostile + "=key"}, {csv, "--columns", "key=" + hostile}, {csv, "--include", hostile + "["}, {csv, "--include", hostile + "x"}, {csv, "--filter-from", filters},
		{csv, "--services", hostile}, {csv, "--services", "@" + hostile}, {csv, "--name", "{" + hostile + "}"}, {csv, "--types", hostile}, {csv, "--min-size", hostile}, {csv, "--newer-than", hostile},
		{csv, "--config", config}, {csv, "--profile", hostile}, {csv, "--queue", r.dir + "/" + hostile + "/q.db"}, {csv, "--source-endpoint", "https://" + hostile}, {csv, "--format", hostile}, {csv, "--since-batch", hostile},
	} {
		for i, command := range []string{"plan", "run", "enqueue"} {
			r.run(append([]string{command, "--batch", fmt.Sprint("b", i)}, args...)...)
		}
	}
	for _, env := range []string{"AIRLIFT_RATE", "AIRLIFT_AIR_URL", "AIRLIFT_LOG_LEVEL", "AIRLIFT_LOG_FORMAT", "AIRLIFT_PREFLIGHT_RATE", "AIRLIFT_ON_DAILY_CAP"} {
		was := r.env
		r.setenv(env, hostile)
		r.run("run", csv).want(t, exit.Usage)
		r.env = was
	}
	if err := os.MkdirAll(filepath.Join(r.dir, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"[default]\n" + hostile + "\n", hostile, "[" + hostile + "]\naws_access_key_id = " + hostile, "[default]\naws_access_key_id = " + hostile + "\naws_secret_access_key = x\xff\n"} {
		r.file(".aws/credentials", content)
		r.run("run", csv, "--profile", "default")
		r.run("run", csv, "--profile", hostile)
	}
}

// An AiR that puts it into all that it says: refusals, ids, echoes, listed jobs, headers, other answers.
func TestAHostileAiRSteersNoTerminal(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(lying)
	if err != nil {
		t.Fatal(err)
	}
	in := string(text[1 : len(text)-1]) // to stand within a JSON text
	for name, change := range map[string]func(*http.Response, []byte) []byte{
		"id": func(_ *http.Response, b []byte) []byte { return swap(b, `"Id":"`, in) },
		"names and keys": func(_ *http.Response, b []byte) []byte {
			return swap(swap(swap(b, `"Name":"`, in), `"ObjectKey":"`, in), `"Bucket":"`, in)
		},
		"listed jobs": func(q *http.Response, b []byte) []byte {
			if q.Request.Method == http.MethodGet {
				b = swap(swap(swap(b, `"Id":"`, in), `"ObjectKey":"`, in), `"Status":"`, in)
			}
			return b
		},
		"refusal": func(q *http.Response, _ []byte) []byte {
			q.StatusCode, q.Status = 400, "400 "+"\u009b"
			return []byte(`{"ErrorCode":"` + in + `","Error":"` + in + `"}`)
		},
		"access": func(q *http.Response, _ []byte) []byte {
			q.StatusCode = 403
			return []byte(`{"ErrorCode":"AccessDenied` + in + `","Error":"` + in + `"}`)
		},
		"quota": func(q *http.Response, _ []byte) []byte {
			q.StatusCode = 403
			return []byte(`{"ErrorCode":"Q` + in + `","Error":"` + in + `"}`)
		},
		"foreign": func(q *http.Response, _ []byte) []byte {
			q.StatusCode = 403
			return []byte("<html>" + lying + "\xff\x9b")
		},
		"cap": func(q *http.Response, _ []byte) []byte {
			q.StatusCode = 429
			return []byte(`{"ErrorCode":"C` + in + `","Error":"` + in + `"}`)
		},
		"moved": func(q *http.Response, _ []byte) []byte {
			q.StatusCode = 302
			q.Header.Set("Location", "https://x.example/\u009b\u202e")
			return nil
		},
		"500": func(q *http.Response, _ []byte) []byte { q.StatusCode = 500; return []byte(lying + "\xff") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			m := r.file("m.csv", "bucket,key\narchive,a.mov\narchive,\""+lying+"0.mov\"\narchive,\""+lying+"1.mov\"\n")
			if name == "listed jobs" {
				r.run("run", m, "--batch", "b", "--max-items", "2").want(t, exit.WorkLeft)
				j := r.air.Jobs()[0]
				again := air.NewJob{Name: j.Name, Batch: j.Batch, Services: j.Services, Source: j.Source, Destination: j.Destination}
				r.air.Plant(again)
				again.Source.ObjectKey = lying + "unknown"
				r.air.Plant(again)
			}
			var lists atomic.Int64
			r.before(func(q *http.Response, b []byte) []byte {
				if q.Request.Method == http.MethodGet {
					lists.Add(1)
				}
				return change(q, b)
			})
			r.setenv("AIRLIFT_SETTLE", "50ms")
			for i, format := range []string{"console", "json"} {
				r.setenv("AIRLIFT_LOG_FORMAT", format)
				r.setenv("AIRLIFT_LOG_LEVEL", "debug")
				report := filepath.Join(r.dir, "at-end.csv")
				r.run("run", m, "--batch", "b", "--max-duration", "300ms", "--on-daily-cap", "exit", "--give-up", "500ms", "--report", report, "--stats", "50ms")
				for _, args := range [][]string{
					{"status"}, {"items", "b"}, {"reconcile", "b", "--verify", "--give-up", "200ms"}, {"reconcile", "b", "--verify", "--give-up", "200ms", "--json"},
					{"adopt", "b", m, "--give-up", "200ms"}, {"retry", "b"}, {"resume"}, {"submit", "--max-duration", "300ms", "--on-daily-cap", "exit", "--give-up", "200ms"},
					{"status", "--json"}, {"items", "b", "--json"}, {"plan", m, "--batch", "b"},
				} {
					if i > 0 && args[0] == "submit" {
						continue
					}
					if args[0] == "reconcile" { // lookups that fail go on for long
						seen := lists.Load()
						r.runUntil("some lookups", func() bool { return lists.Load() >= seen+4 }, args...)
						continue
					}
					r.run(args...)
				}
			}
		})
	}
}

// An S3 server whose list, errors and objects are such.
func TestAHostileBucketSteersNoTerminal(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	for _, key := range []string{hostile + ".mov", hostile + "/x.mov", hostile + ".txt", "a\nFORGED.mov"} {
		s3.Put("archive", key, []byte("no film at all, but text; "+hostile))
	}
	for _, args := range [][]string{{"plan"}, {"run", "--dry-run"}, {"enqueue", "--preflight"}, {"run"}, {"run", "--include", hostile}} {
		r.run(append(args, "s3://archive/", "--batch", "b")...)
	}
	r.run("items", "b").want(t, exit.OK).says(t, `\x1b[2J`)
	r.run("status")
	r.run("plan", "s3://archive/"+hostile+"/", "--batch", "c")
	r.run("plan", "s3://no"+hostile+"/", "--batch", "c")
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("X-Amz-Request-Id", "\u009b\u202e")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><Code>Odd\u009b\u202e</Code><Message>\u202e\u200b&#x85;\ufeff &#10;next</Message></Error>")
	}))
	t.Cleanup(refusing.Close)
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", refusing.URL)
	r.run("plan", "s3://archive/", "--batch", "d")
	r.run("run", r.file("m.csv", "bucket,key\narchive,a.mov\n"), "--batch", "d", "--preflight")
}

// A log of either form escapes the message, and texts, errors and lists in its fields, with colors or without.
func TestLogsSteerNoTerminal(t *testing.T) {
	t.Parallel()
	colors := regexp.MustCompile(`\x1b\[\d+m`)
	for name, log := range map[string]func(io.Writer) io.Writer{
		"console": func(w io.Writer) io.Writer { return term.ConsoleLog(w, false) },
		"colored": func(w io.Writer) io.Writer { return term.ConsoleLog(w, true) },
		"json":    func(w io.Writer) io.Writer { return term.NewJSONWriter(w) },
	} {
		var out bytes.Buffer
		logger := zerolog.New(log(&out))
		logger.Warn().Err(errors.New(lying)).Str("text", lying).Strs("texts", []string{lying}).Interface("value", service.Status{Reason: lying}).Msg(lying)
		text := out.String()
		if colored := colors.MatchString(text); colored != (name == "colored") {
			t.Errorf("%s: colors %v", name, colored)
		}
		(&rig{t: t}).steersNothing([]string{name}, result{stderr: colors.ReplaceAllString(text, "")})
		if strings.Count(text, "\n") != 1 || strings.Count(text, "FORGED") != 5 {
			t.Errorf("%s: got %q, want one line with all five", name, text)
		}
		if name == "json" {
			validJSON(t, name, text)
		}
	}
}
