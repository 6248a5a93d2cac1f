package main

import (
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

const rulesConfig = `
[[rule]]
types = ["audio"]
services = "s2t,audiotag"

[[rule]]
match = ["stills/**", "*.tif"]
services = { ocr = "", logo = { config = { rec_confidence_threshold = 0.85, most = 3 } } }
priority = 3
destination_bucket = "results-stills"
`

const (
	audioServices = `{"audiotag":"","s2t":""}`
	stillServices = `{"logo":{"config":{"most":3,"rec_confidence_threshold":0.85}},"ocr":""}`
)

// jobTerms is what rules decide of a job.
type jobTerms struct {
	services, bucket, region string
	priority                 int
}

// wantTerms fails the test unless AiR has exactly these jobs, by key.
func (r *rig) wantTerms(want map[string]jobTerms) {
	r.t.Helper()
	jobs := r.jobs()
	for key, w := range want {
		j, found := jobs[key]
		if got := (jobTerms{string(j.Services), j.Destination.Bucket, j.Destination.Region, j.Priority}); !found || got != w {
			r.t.Errorf("%s: got %+v (found %v), want %+v", key, got, found, w)
		}
	}
	if len(jobs) != len(want) {
		r.t.Errorf("%d jobs, want %d", len(jobs), len(want))
	}
}

// Row, then rules in their order, then flags: each field from the first that gives it.
func TestRules(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.config(rulesConfig)
	m := r.file("m.csv", "bucket,key,priority,services,destination_bucket\n"+
		"archive,a.mov,,,\narchive,x/b.WAV,,,\narchive,stills/c.wav,,,\narchive,d.tif,,,\narchive,stills/e.jpg,7,,\narchive,f.wav,,face,mine\n")
	r.run("run", m).want(t, exit.OK)
	r.wantTerms(map[string]jobTerms{
		"a.mov":        {`{"ocr":"","s2t":""}`, "results", "us-east-1", 0},
		"x/b.WAV":      {audioServices, "results", "us-east-1", 0},
		"stills/c.wav": {audioServices, "results-stills", "us-east-1", 3},
		"d.tif":        {stillServices, "results-stills", "us-east-1", 3},
		"stills/e.jpg": {stillServices, "results-stills", "us-east-1", 7},
		"f.wav":        {`{"face":""}`, "mine", "us-east-1", 0},
	})
}

// The rules stay with the batch: submit needs no config file. Changed ones are announced with what they touch, and an
// empty list takes them away.
func TestRulesStayWithTheBatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.config("[[rule]]\ntypes = [\"audio\", \"mov\"]\npriority = 2\n")
	m := r.file("m.csv", "bucket,key\narchive,a.wav\narchive,b.mov\narchive,c.jpg\narchive,d.mp3\n")
	r.run("enqueue", m).want(t, exit.OK)
	r.config("")
	r.run("submit", "--workers", "1", "--max-items", "1").want(t, exit.WorkLeft).says(t, "those of the last run hold")
	r.config("[[rule]]\ntypes = [\"audio\"]\npriority = 4\n")
	r.run("submit", "--workers", "1", "--max-items", "1").want(t, exit.WorkLeft).says(t, "2 items that are not submitted")
	r.config("rule = []\n")
	r.run("submit").want(t, exit.OK).says(t, "1 items that are not submitted")
	const all = `{"ocr":"","s2t":""}`
	r.wantTerms(map[string]jobTerms{
		"a.wav": {all, "results", "us-east-1", 2}, "b.mov": {all, "results", "us-east-1", 0},
		"c.jpg": {all, "results", "us-east-1", 0}, "d.mp3": {all, "results", "us-east-1", 0},
	})
}

// What neither row nor rule nor flag serves is rejected by its line while the rest goes on, known rows stay known, and
// if nothing at all is served nothing is sent.
func TestRulesThatLeaveSomethingOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_SERVICES", "")
	r.config(rulesConfig)
	m := r.file("m.csv", "bucket,key\narchive,a.pdf\narchive,b.wav\narchive,c.mov\narchive,stills/d.pdf\n")
	r.run("run", r.file("none.csv", "bucket,key\narchive,a.pdf\narchive,c.mov\n")).want(t, exit.Usage).says(t, "the services", "a rule")
	r.unsent()
	r.noQueue()
	r.run("run", m).want(t, exit.Incomplete).says(t, "line 2", "line 4", "no services", "4 = 2 added + 0 known + 0 duplicates + 2 rejected")
	r.submittedKeys("b.wav", "stills/d.pdf")
	// The rule for audio goes: b.wav was submitted under it, and is known and no bad row.
	r.config("[[rule]]\nmatch = [\"stills/**\"]\nservices = \"ocr\"\n")
	r.run("run", r.file("m.csv", "bucket,key\narchive,b.wav\narchive,stills/d.pdf\n")).want(t, exit.OK).says(t, "2 = 0 added + 2 known")
}

// An item of the queue that the rules leave without services is found before anything is sent, wherever it stands.
func TestNothingIsSentWithoutServices(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_SERVICES", "")
	r.config(rulesConfig)
	m := r.file("m.csv", "bucket,key\narchive,a.wav\narchive,b.wav\narchive,c.pdf\n")
	r.run("enqueue", m).want(t, exit.OK)
	for _, args := range [][]string{{"submit"}, {"run", m}} {
		r.run(args...).want(t, exit.Usage).says(t, "the services", `"c.pdf"`)
	}
	r.unsent()
	r.run("cancel", r.status().Batch, "--key", "*.pdf").want(t, exit.OK)
	r.run("submit").want(t, exit.OK)
	r.submittedKeys("a.wav", "b.wav")
}

func TestBadRules(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 1)
	const good = "[[rule]]\ntypes = [\"audio\"]\npriority = 1\n"
	for _, c := range []struct{ name, file, says string }{
		{"unknown key", good + "[[rule]]\ntype = \"audio\"\npriority = 1\n", `rule 2: there is no setting "type"`},
		{"no condition", good + "[[rule]]\npriority = 1\n", "rule 2: it has neither types nor match"},
		{"gives nothing", "[[rule]]\ntypes = \"audio\"\n", "rule 1: it gives nothing"},
		{"unknown type", "[[rule]]\ntypes = [\"audio\", \"vidoe\"]\npriority = 1\n", `rule 1: types: type "vidoe" is none of video, audio`},
		{"empty list", "[[rule]]\nmatch = []\npriority = 1\n", "rule 1: match: the list is empty"},
		{"bad glob", "[[rule]]\nmatch = [\"a[\"]\npriority = 1\n", `rule 1: match: "a[" is no valid pattern`},
		{"no text", "[[rule]]\nmatch = [3]\npriority = 1\n", "rule 1: match: 3 is no text"},
		{"priority", "[[rule]]\nmatch = \"*\"\npriority = 11\n", "rule 1: priority: 11: AiR takes 1 to 10"},
		{"priority as text", "[[rule]]\nmatch = \"*\"\npriority = \"high\"\n", "rule 1: priority: high"},
		{"services", "[[rule]]\nmatch = \"*\"\nservices = { ocr = 1 }\n", `rule 1: services: services: the value of "ocr"`},
		{"services as a list", "[[rule]]\nmatch = \"*\"\nservices = [\"ocr\"]\n", "rule 1: services: [ocr] is neither"},
		{"blank destination", "[[rule]]\nmatch = \"*\"\ndestination-bucket = \" \"\n", `rule 1: destination-bucket: " " is no text`},
		{"one table", "[rule]\nmatch = \"*\"\npriority = 1\n", "[[rule]]"},
		{"a text", "rule = [\"audio\"]\n", "rule 1 is no table"},
		{"another list of tables", "[[rules]]\nmatch = \"*\"\n", "rules is a table"},
	} {
		r.config(c.file)
		if got := r.run("run", m).want(t, exit.Usage); !strings.Contains(got.stderr, c.says) || !strings.Contains(got.stderr, "config.toml") {
			t.Errorf("%s: got %s, want the file and %q", c.name, got.stderr, c.says)
		}
	}
	r.unsent()
	r.noQueue()
	r.config("rule = [{ match = \"*.mov\", priority = 2 }]\n")
	r.run("run", m).want(t, exit.OK)
	for key, j := range r.jobs() {
		if j.Priority != 2 {
			t.Errorf("an inline rule: %s has priority %d", key, j.Priority)
		}
	}
}
