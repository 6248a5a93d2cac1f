package main

import (
	"strings"
	"testing"

	"airlift/worker/air/airtest"
)

// names returns the names of AiR's jobs without their hash, by key.
func (r *rig) names() map[string]string {
	byKey := map[string]string{}
	for key, j := range r.jobs() {
		byKey[key] = j.Name[:strings.LastIndexByte(j.Name, '-')]
	}
	return byKey
}

func TestNameTemplate(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key,asset_id,name\narchive,x/a b.mov,A 1,\narchive,c.wav,,\narchive,d.mov,A3,Given - name\n")
	args := []string{"run", m, "--batch", "night", "--name", "{batch}.{column:asset_id}.{stem}"}
	r.run(args...).want(t, exitOK)
	for key, want := range map[string]string{"x/a b.mov": "night.A_1.a_b", "c.wav": "night..c", "d.mov": "Given "} {
		if got := r.names()[key]; got != want {
			t.Errorf("%s: got the name %q, want %q", key, got, want)
		}
	}
	// Report and items show the names that AiR has.
	name := r.jobs()["x/a b.mov"].Name
	r.run("report", "night").want(t, exitOK).says(t, name)
	r.run("items", "night", "--json").want(t, exitOK).says(t, name)
	// The template stays with the batch, and with what was sent.
	r.run("run", m, "--batch", "night", "--name", "{base}").want(t, exitUsage).says(t, `--name "{base}"`, "found again", `"{batch}.{column:asset_id}.{stem}"`)
	r.run("submit", "--name", "{base}").want(t, exitUsage).says(t, "found again")
	r.run(args...).want(t, exitOK)
	r.file("m.csv", "bucket,key,asset_id,name\narchive,e.mov,A5,\n")
	r.run("run", m, "--batch", "night").want(t, exitOK)
	if got := r.names()["e.mov"]; got != "night.A5.e" {
		t.Errorf("with the stored template: got %q", got)
	}
}

// A lost answer is found again by the template's name.
func TestNameTemplateIsLookedUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if q.Method == "POST" && q.N == 2 {
			return airtest.Fault{Kind: airtest.ResetAfter}
		}
		return airtest.Fault{}
	}})
	r.run("run", r.manifest("m.csv", 4), "--name", "all-the-same").want(t, exitOK)
	r.settled(4)
	if got := r.air.Posts(); got != 4 {
		t.Errorf("%d POSTs for 4 items: the lost answer was sent again", got)
	}
}

// Until something was sent the template may change.
func TestNameTemplateChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key,asset_id\narchive,a.mov,A1\n")
	r.run("enqueue", m, "--name", "{stem}").want(t, exitOK)
	r.run("submit", "--name", "{column:asset}").want(t, exitUsage).says(t, `no row has a column "asset"`)
	r.run("run", m, "--name", "{column:asset}").want(t, exitUsage).says(t, `no row has a column "asset"`)
	r.unsent()
	r.run("submit", "--name", "{column:asset_id}").want(t, exitOK).says(t, "1 items that are not submitted")
	if got := r.names()["a.mov"]; got != "A1" {
		t.Errorf("got the name %q, want A1", got)
	}
}

func TestBadNameTemplate(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 1)
	for template, says := range map[string]string{"{stam}": "{stam}", "a/b": `'/'`, "{stem": "closing brace", "{column:x}": `column "x"`} {
		r.run("run", m, "--name", template).want(t, exitUsage).says(t, "--name", says)
	}
	r.unsent()
	r.noQueue()
}
