package manifest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestBadManifests reads every file of testdata/bad and compares all that the
// user is told with expected.txt: the line and the reason of each rejected row,
// and how it ended. options.txt has the flags that a file is read with.
func TestBadManifests(t *testing.T) {
	const golden = "expected.txt"
	t.Chdir(filepath.Join("testdata", "bad"))
	names, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	options := badOptions(t)
	var got bytes.Buffer
	cases := 0
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.IsDir() || name == golden || name == "options.txt" {
			continue
		}
		cases++
		o, flags := options[name], ""
		if o.text != "" {
			flags = " " + o.text
		}
		fmt.Fprintf(&got, "# %s%s\n", name, flags)
		if told := tellBad(&got, name, o.Options); !told {
			t.Errorf("%s: nothing is wrong with it", name)
		}
		got.WriteByte('\n')
	}
	if cases < 60 {
		t.Errorf("got %d bad manifests, want at least 60", cases)
	}
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	wantCases, gotCases := strings.Split(string(want), "\n\n"), strings.Split(got.String(), "\n\n")
	for i := range max(len(wantCases), len(gotCases)) {
		w, g := "(nothing)", "(nothing)"
		if i < len(wantCases) {
			w = wantCases[i]
		}
		if i < len(gotCases) {
			g = gotCases[i]
		}
		if w != g {
			t.Errorf("got:\n%s\nwant:\n%s", g, w)
		}
	}
}

// tellBad writes what a user is told of a source, and whether anything is wrong.
func tellBad(w io.Writer, name string, o Options) (bad bool) {
	here, _ := os.Getwd()
	tell := func(err error) {
		fmt.Fprintln(w, strings.ReplaceAll(err.Error(), filepath.Dir(here), "DIR"))
		bad = true
	}
	r, err := Open(context.Background(), name, o)
	if err != nil {
		tell(err)
		return bad
	}
	defer r.Close()
	good := 0
	for {
		err := r.Read(new(entry.Entry))
		var row *entry.RowError
		switch {
		case err == nil:
			good++
			continue
		case errors.As(err, &row):
			tell(err)
			continue
		case !errors.Is(err, io.EOF):
			tell(err)
		}
		fmt.Fprintf(w, "good rows: %d\n", good)
		return bad
	}
}

// badOption is one line of options.txt.
type badOption struct {
	Options
	text string
}

func badOptions(t *testing.T) map[string]badOption {
	t.Helper()
	all := map[string]badOption{}
	text, err := os.ReadFile("options.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, flags, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		flag, value, _ := strings.Cut(flags, " ")
		o := badOption{text: flags}
		switch flag {
		case "--format":
			o.Format, err = ParseFormat(value)
		case "--delimiter":
			o.Delimiter, err = csv.ParseDelimiter(value)
		case "--columns":
			o.Columns, err = entry.ParseColumns(value)
		default:
			t.Fatalf("options.txt: %q", line)
		}
		if err != nil {
			t.Fatal(err)
		}
		all[name] = o
	}
	return all
}
