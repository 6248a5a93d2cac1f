package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Further columns with names that a report uses itself stand in it under names of their own. Read as a manifest it gives
// them back, as often as it is read.
func TestReportOfColumnsNamedLikeItsOwn(t *testing.T) {
	t.Parallel()
	inputs := []struct {
		name, file, content string
		flags, columns      []string
	}{
		{"like the fixed ones", "m.csv", "bucket,key,line,State,job_id,error,source.state,status,IsDir,note\narchive,a.mov,L,NY,J,none,S,sent,true,n\narchive,b.mov,,TX,,,,,,\narchive,,M,NM,,,,,,o\n",
			nil, []string{"line=L", "State=NY", "job_id=J", "error=none", "source.state=S", "status=sent", "IsDir=true", "note=n"}},
		{"in JSON Lines", "m.jsonl", `{"bucket":"archive","key":"a.mov","line":"L","state":"NY","http_status":"H"}` + "\n" + `{"bucket":"archive","key":"b.mov","state":"TX"}` + "\n" + `{"bucket":"archive","key":"","state":"NM"}` + "\n",
			nil, []string{"line=L", "state=NY", "http_status=H"}},
		{"like those that are read", "m.csv", "Volume,File,Key,Bucket,name,Title,region,source.source.key\narchive,a.mov,K,B,N,,R,X\narchive,b.mov,,,,,,\narchive,,K3,B3,,,,\n",
			[]string{"--columns", "bucket=Volume,key=File,name=Title,region=source.source.key"}, []string{"Key=K", "Bucket=B", "name=N", "region=R"}},
	}
	for _, in := range inputs {
		for _, form := range []string{"csv", "jsonl"} {
			t.Run(in.name+" as "+form, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, airtest.Config{})
				r.run(append([]string{"enqueue", r.file(in.file, in.content), "--batch", "0"}, in.flags...)...).want(t, exit.Incomplete).says(t, "2 added", "1 rejected")
				first := ""
				for i := range 3 {
					text := r.run("report", fmt.Sprint(i), "--format", form).want(t, exit.OK).stdout
					names := columnsOf(t, text, form)
					if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
						t.Fatalf("%s: a column stands twice: %q", form, names)
					}
					for _, column := range in.columns {
						name, value, _ := strings.Cut(column, "=")
						if !strings.Contains(text, value) {
							t.Errorf("report %d lacks %s of %s:\n%s", i, value, name, text)
						}
					}
					if rest := withoutLines(text, form); i == 0 {
						first = rest
					} else if rest != first {
						t.Errorf("report %d differs:\n%s\nthe first one:\n%s", i, rest, first)
					}
					name := r.file(fmt.Sprintf("r%d.%s", i, form), text)
					r.run("enqueue", name, "--batch", fmt.Sprint(i+1)).want(t, exit.Incomplete).says(t, "2 added", "1 rejected")
				}
			})
		}
	}
}

// columnsOf returns the names of all columns of a report: of its header, or of the objects one by one.
func columnsOf(t *testing.T, text, form string) (names []string) {
	t.Helper()
	if form == "csv" {
		return readCSV(t, text)[0]
	}
	for line := range strings.Lines(text) {
		if !jsontext.Value(line).IsValid() { // names that stand twice are not
			t.Fatalf("no valid object: %s", line)
		}
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 {
			for name := range row {
				names = append(names, name)
			}
		}
	}
	return names
}

// withoutLines takes the first column off, which a report of a report has of its own.
func withoutLines(text, form string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(line, ",")
		b.WriteString(rest)
	}
	return b.String()
}

// A rejected row keeps the name that it gives its job in the report's own column.
func TestReportOfARejectedRowWithAName(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"csv", "jsonl"} {
		r := newRig(t, airtest.Config{})
		r.run("enqueue", r.file("m.csv", "bucket,key,name\nA!,a.mov,mine\n"), "--batch", "b").want(t, exit.Incomplete)
		text := r.run("report", "b", "--format", form).want(t, exit.OK).stdout
		if names := columnsOf(t, text, form); len(names) != 11 || strings.Count(text, "mine") != 1 {
			t.Errorf("%s: columns %q in\n%s", form, names, text)
		}
		r.run("enqueue", r.file("r."+form, strings.ReplaceAll(text, "A!", "archive")), "--batch", "again").want(t, exit.OK).says(t, "1 added")
		if got := r.report("again")[0]["name"]; got != "mine" {
			t.Errorf("%s: the name came back as %q", form, got)
		}
	}
}

// A saved manifest names further columns so that no other is taken for the key.
func TestSavedColumnsNamedLikeThoseThatAreRead(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"csv", "jsonl"} {
		r := newRig(t, airtest.Config{})
		m := r.file("m.csv", "Volume,File,key,name,state\narchive,a.mov,K,N,NY\n")
		r.run("plan", m, "--batch", "b", "--columns", "bucket=Volume,key=File,name=name", "--save", "s."+form).want(t, exit.OK)
		r.run("run", "s."+form, "--batch", "b").want(t, exit.OK)
		if row := r.report("b")[0]; row["key"] != "a.mov" || row["name"] != "N" || row["source.source.key"] != "K" || row["source.state"] != "NY" {
			t.Errorf("%s: got %v", form, row)
		}
		r.settled(1)
	}
}
