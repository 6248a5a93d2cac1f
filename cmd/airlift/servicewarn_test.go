package main

import (
	"strings"
	"testing"

	"airlift/worker/air/airtest"
)

// A misspelled service would cost a job for each object: every command that reads job settings says so, once.
func TestAnUnknownServiceIsWarnedOf(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	const known = "is no service that airlift knows (ocr, s2t, nld, audiotag, face, logo)"
	m := r.file("m.csv", "bucket,key,services\narchive,a.mov,\narchive,b.mov,\"ocr,lgoo\"\narchive,c.mov,\"ocr,lgoo\"\narchive,d.mov,captions2030\n")
	for _, args := range [][]string{
		{"plan", m, "--services", "ocr,sp2t"},
		{"run", m, "--services", `{"sp2t":{"config":{"model":"large"}}}`, "--dry-run"},
		{"enqueue", m, "--batch", "e", "--services", "sp2t"},
		{"run", m, "--services", "ocr,sp2t"},
	} {
		got := r.run(args...).want(t, exitOK).says(t, `"sp2t" `+known+"; is s2t meant?", `"lgoo" `+known+"; is logo meant?", `"captions2030" `+known+"; it is sent as it is written")
		for _, id := range []string{`"sp2t"`, `"lgoo"`, `"captions2030"`} {
			if n := strings.Count(got.stderr, id+" "+known); n != 1 {
				t.Errorf("airlift %v: %s is warned of %d times, want once", args, id, n)
			}
		}
	}
	r.config("[[rule]]\ntypes = [\"audio\"]\nservices = \"audiotgas\"\n")
	r.run("plan", m).want(t, exitOK).says(t, "rule 1", "is audiotag meant?")
	r.config("")
	all := r.file("all.csv", "bucket,key,services\narchive,x.mov,face\n")
	if got := r.run("plan", all, "--services", "ocr,s2t,nld,audiotag,face,logo").want(t, exitOK); strings.Contains(got.stderr, "no service") {
		t.Errorf("a warning of services that are known: %s", got.stderr)
	}
}

// Rows of empty cells are no rows: a table saved by Excel ends with them.
func TestRowsOfEmptyCellsAreSkipped(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"semicolons": "bucket;key;note\narchive;a.mov;x\n;;\narchive;b.mov;y\n;;\n;;;\n",
		"commas":     "bucket,key\r\narchive,a.mov\r\n,\r\narchive,b.mov\r\n,\r\n\"\",\"\"\r\n",
		"tabs":       "bucket\tkey\narchive\ta.mov\n\t\narchive\tb.mov\n\t\n\t\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			m := r.file("m.csv", content)
			r.run("run", m, "--strict").want(t, exitOK).says(t, "5 = 2 added + 0 known + 0 duplicates + 0 rejected + 3 skipped", "3 skipped: empty row")
			r.submittedKeys("a.mov", "b.mov")
		})
	}
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("none.csv", "bucket,key\n,\n,\n"), "--batch", "none").want(t, exitIncomplete).says(t, "has no row")
	r.run("run", r.file("m.jsonl", "{\"bucket\":\"archive\",\"key\":\"a.mov\"}\n{}\n"), "--batch", "j").want(t, exitIncomplete).says(t, "no key")
}
