package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"airlift/worker/air/airtest"
)

// TestScript runs the scenarios of testdata/script, each with a folder, a queue and an AiR of its own. Beside the commands
// of package testscript they have these:
//
//	exits CODE ARG...      airlift ARG... ends with the exit code
//	quietly CODE ARG...    and AiR gets no POST
//	[!] says TEXT...       what it printed has each text
//	manifest FILE N        writes a CSV of N objects
//	keys FILE FORMAT N     writes a list of N keys, by a format such as reel/%03d.mov
//	status NAME=VALUE...   `airlift status --json` says so of the only batch
//	sent KEY...            AiR has one job for each of the keys, @FILE for those in a list, and no other
//	named KEY NAME         AiR's job for the key has this name, and a hash
//	batch                  sets $BATCH to the only batch of the queue
//	settled N              N items have one job each, queue and AiR agree, and the queue is sound
//	files NAME...          the work folder has these files alone
//	air settings JSON      changes AiR, see GET /debug/settings of the sandbox
//	air fault N KIND       the N-th POST meets a fault, or with N all every request
//	air reject WORD...     AiR refuses the objects whose key has one of the words; none: it takes all
//	air midnight|advance D sets how far AiR's midnight is, or turns its clock forward
//	air hold N             POSTs from the N-th on wait
//	air release            they go on
//	air await N            waits for the N-th POST
//	air posts N[..M]       AiR got so many POSTs since the start or `air mark`
//	air requests N         so many requests of all kinds
//	air jobs N             AiR has so many jobs in all
//	air batches ID...      the batches of its jobs, in the order in which they came
//	air mark               POSTs and requests are counted from here
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			s := &script{faults: map[string]airtest.Kind{}, release: make(chan struct{})}
			s.rig = newRig(e.T().(testing.TB), airtest.Config{Script: s.fault, OnRequest: s.arrive})
			s.rig.dir, s.rig.queue = e.WorkDir, filepath.Join(e.WorkDir, "queue.db")
			s.rig.setenv("AIRLIFT_QUEUE", s.rig.queue)
			e.Vars = append(s.rig.env, "WORK="+e.WorkDir, "AIR="+s.rig.url)
			e.Values["script"] = s
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "quietly": quietly, "says": says, "manifest": writeManifest, "keys": writeKeys, "status": wantStatus,
			"sent": sent, "named": named, "batch": setBatch,
			"settled": func(ts *testscript.TestScript, _ bool, n []string) { of(ts).rig.settled(count(ts, n[0])) },
			"files":   wantFiles, "air": changeAiR,
		},
	})
}

// script is what a scenario has beside its files.
type script struct {
	rig             *rig
	posts, requests tally
	posted, counted int // at the latest mark
	release         chan struct{}

	mu sync.Mutex
	// The fields below are guarded by mu.
	faults   map[string]airtest.Kind // by the number of the POST; "all": of all requests
	rejects  []string
	holdFrom int // POSTs from this one on wait for release; 0: none does
}

func (s *script) arrive(q airtest.Request) {
	s.mu.Lock()
	from := s.holdFrom
	s.mu.Unlock()
	s.requests.add()
	if isPost(q) && s.posts.add() >= from && from > 0 {
		<-s.release
	}
}

func (s *script) fault(q airtest.Request) airtest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind := s.faults["all"]; kind != airtest.None || !isPost(q) {
		return airtest.Fault{Kind: kind}
	}
	if slices.ContainsFunc(s.rejects, func(word string) bool { return strings.Contains(q.Job.Source.ObjectKey, word) }) {
		return airtest.Fault{Kind: airtest.Reject400}
	}
	return airtest.Fault{Kind: s.faults[strconv.Itoa(q.N)]}
}

func of(ts *testscript.TestScript) *script { return ts.Value("script").(*script) }

func count(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	err := ts.Exec("airlift", args[1:]...)
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	of(ts).rig.checkOutput(args[1:], result{code, ts.ReadFile("stdout"), ts.ReadFile("stderr")})
	if code != count(ts, args[0]) {
		ts.Fatalf("airlift %q exits with %d, want %s", args[1:], code, args[0])
	}
}

func quietly(ts *testscript.TestScript, neg bool, args []string) {
	of(ts).rig.quiet(func() { exits(ts, neg, args) })
}

func says(ts *testscript.TestScript, neg bool, texts []string) {
	for _, text := range texts {
		if strings.Contains(ts.ReadFile("stdout")+ts.ReadFile("stderr"), text) == neg {
			ts.Fatalf("the output has %q: %v", text, neg)
		}
	}
}

func writeManifest(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).rig.manifest(args[0], count(ts, args[1]))
}

func writeKeys(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).rig.file(args[0], keysText(args[1], count(ts, args[2])))
}

func wantStatus(ts *testscript.TestScript, _ bool, wants []string) {
	ts.Check(ts.Exec("airlift", "status", "--json"))
	var all []map[string]any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &all); err != nil || len(all) != 1 {
		ts.Fatalf("status --json: %d batches, %v", len(all), err)
	}
	for _, want := range wants {
		name, value, _ := strings.Cut(want, "=")
		if got := fmt.Sprint(all[0][name]); got != value {
			ts.Fatalf("status: %s is %s, want %s", name, got, value)
		}
	}
}

func sent(ts *testscript.TestScript, _ bool, keys []string) {
	if len(keys) == 1 && strings.HasPrefix(keys[0], "@") {
		keys = strings.Fields(ts.ReadFile(keys[0][1:]))
	}
	of(ts).rig.submittedKeys(keys...)
}

func named(ts *testscript.TestScript, _ bool, args []string) {
	name := of(ts).rig.jobs()[args[0]].Name
	if end := strings.LastIndexByte(name, '-'); end < 0 || name[:end] != args[1] {
		ts.Fatalf("the job of %q has the name %q, want %q and a hash", args[0], name, args[1])
	}
}

func setBatch(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("BATCH", of(ts).rig.status().Batch)
}

func wantFiles(ts *testscript.TestScript, _ bool, want []string) {
	var got []string
	for name := range of(ts).rig.files() {
		got = append(got, name)
	}
	slices.Sort(got)
	if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		ts.Fatalf("files: got %q, want %q", got, want)
	}
}

func changeAiR(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	server := s.rig.air
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	switch args[0] {
	case "settings":
		changed := server.Change(func(set *airtest.Settings) { err = json.Unmarshal([]byte(args[1]), set) })
		err = errors.Join(err, changed)
	case "fault":
		s.faults[args[1]] = airtest.Kind(args[2])
	case "reject":
		s.rejects = args[1:]
	case "midnight", "advance":
		var d time.Duration
		d, err = time.ParseDuration(args[1])
		if args[0] == "midnight" {
			server.SetMidnightIn(d)
		} else {
			server.Advance(d)
		}
	case "hold":
		s.holdFrom = count(ts, args[1])
	case "release":
		close(s.release)
	case "await":
		reached := s.posts.reached(count(ts, args[1]))
		s.mu.Unlock()
		await(s.rig.t, reached, "POST "+args[1])
		s.mu.Lock()
	case "mark":
		s.posted, s.counted = s.posts.count(), s.requests.count()
	case "posts":
		wantCount(ts, args[0], s.posts.count()-s.posted, args[1])
	case "batches":
		var got []string
		for _, j := range server.Jobs() {
			got = append(got, j.Batch)
		}
		if !slices.Equal(got, args[1:]) {
			ts.Fatalf("batches: got %q, want %q", got, args[1:])
		}
	case "jobs":
		wantCount(ts, args[0], server.Accepted(), args[1])
	case "requests":
		wantCount(ts, args[0], s.requests.count()-s.counted, args[1])
	default:
		ts.Fatalf("air %s is unknown", args[0])
	}
	ts.Check(err)
}

// wantCount fails the script unless the count is in the range N or N..M.
func wantCount(ts *testscript.TestScript, what string, got int, want string) {
	least, most, ranged := strings.Cut(want, "..")
	if !ranged {
		most = least
	}
	if got < count(ts, least) || got > count(ts, most) {
		ts.Fatalf("%d %s, want %s", got, what, want)
	}
}

// command is the test's binary under the command's name: package testscript makes it, and runs main in it.
type command struct{ *testing.M }

func (m command) Run() int {
	var err error
	if binary, err = exec.LookPath("airlift"); err == nil {
		err = os.Chmod(filepath.Dir(filepath.Dir(binary)), 0o755) // a test runs it as another user
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.M.Run()
}

func TestMain(m *testing.M) {
	testscript.Main(command{m}, map[string]func(){"airlift": main, "halfstatus": halfStatus})
}
