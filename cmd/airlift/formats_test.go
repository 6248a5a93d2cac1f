package main

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

func zstandard(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

// The same three objects in every form that a manifest may have.
func TestEveryFormatOfManifest(t *testing.T) {
	t.Parallel()
	const (
		csv      = "bucket,key\narchive,a.mov\narchive,b.mov\narchive,c.mov\n"
		jsonFlat = `{"bucket":"archive","key":"a.mov"}` + "\n" + `{"Bucket":"archive","ObjectKey":"b.mov"}` + "\n\n" + `{"object_key":"c.mov","bucket":"archive"}`
		jsonAPI  = `{"Source":{"Bucket":"archive","ObjectKey":"a.mov"}}` + "\n" + `{"Source":{"Bucket":"archive","ObjectKey":"b.mov"}}` + "\n" + `{"Source":{"Bucket":"archive","ObjectKey":"c.mov"}}` + "\n"
		text     = "a.mov\nb.mov\r\n\nc.mov"
	)
	bucket := []string{"--source-bucket", "archive"}
	cases := []struct {
		file, content string
		args          []string
	}{
		{"m.csv", csv, nil},
		{"m.CSV", "KEY,x,Bucket\na.mov,1,archive\nb.mov,2,archive\nc.mov,3,archive\n", nil},
		{"headless.csv", "archive,a.mov\narchive,b.mov\narchive,c.mov\n", nil},
		{"keys.csv", "a.mov\nb.mov\nc.mov\n", bucket},
		{"urls.csv", "s3://archive/a.mov\ns3://archive/b.mov\ns3://archive/c.mov\n", nil},
		{"m.csv.gz", gzipped(t, csv), nil},
		{"twice.csv.gz", gzipped(t, csv[:30]) + gzipped(t, csv[30:]), nil},
		{"m.csv.zst", zstandard(t, csv), nil},
		{"m.jsonl", jsonFlat, nil},
		{"m.ndjson.gz", gzipped(t, jsonAPI), nil},
		{"m.jsonl.zst", zstandard(t, jsonAPI), nil},
		{"m.txt", text, bucket},
		{"urls.txt", "s3://archive/a.mov\ns3://archive/b.mov\ns3://archive/c.mov\n", nil},
		{"m.txt.gz", gzipped(t, text), bucket},
		{"m.txt.zst", zstandard(t, text), bucket},
		{"list", csv, []string{"--format", "csv"}},
		{"list.gz", gzipped(t, text), append([]string{"--format", "text"}, bucket...)},
		{"misnamed.csv", zstandard(t, csv), nil},
		{"by content", csv, nil},
		{"by content.json", jsonFlat, nil},
		{"semicolons.csv", "Key;Bucket\na.mov;archive\nb.mov;archive\nc.mov;archive\n", nil},
		{"tabs.tsv", "bucket\tkey\narchive\ta.mov\narchive\tb.mov\narchive\tc.mov\n", nil},
		{"bars.csv", "archive|a.mov\narchive|b.mov\narchive|c.mov\n", []string{"--delimiter", "|"}},
		{"numbered.csv", "1,archive,a.mov\n2,archive,b.mov\n3,archive,c.mov\n", []string{"--columns", "bucket=2,key=3"}},
		{"mam.csv", "Asset;Volume;File Path\n1;archive;a.mov\n2;archive;b.mov\n3;archive;c.mov\n", []string{"--columns", "bucket=Volume,key=File Path"}},
		{"batch.csv", "archive,a%2Emov,v1\narchive,b.mov,\narchive,c.mov,\n", []string{"--format", "s3-batch"}},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.run(append([]string{"run", r.file(c.file, c.content)}, c.args...)...).want(t, exit.OK)
			r.submittedKeys("a.mov", "b.mov", "c.mov")
			for _, j := range r.jobs() {
				if j.Source.Bucket != "archive" {
					t.Errorf("bucket: got %q", j.Source.Bucket)
				}
			}
		})
	}
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	args := []string{"run", "-", "--format", "csv", "--batch", "piped"}
	r.runIn("bucket,key\narchive,a.mov\n", args...).want(t, exit.OK)
	r.runIn("bucket,key\narchive,a.mov\narchive,b.mov\n", args...).want(t, exit.OK)
	r.submittedKeys("a.mov", "b.mov")
	r.settled(2)
	r.runIn(gzipped(t, "c.mov\n"), "run", "-", "--format", "txt", "--source-bucket", "archive", "--batch", "piped").want(t, exit.OK)
	r.submittedKeys("a.mov", "b.mov", "c.mov")
	r.runIn("x", "run", "-", "--batch", "piped").want(t, exit.Usage).says(t, "--format")
	r.runIn("key;bucket\nd.mov;archive\n", "run", "-", "--batch", "piped").want(t, exit.OK)
	r.runIn("x", "run", "-", "--batch", "other").want(t, exit.Usage).says(t, "--format")
	if got := r.run("status", "other"); got.code != exit.Usage {
		t.Errorf("a batch was made of what has no known format:\n%s", got.stdout)
	}
	r.runIn("x", "run", "-", "--format", "csv").want(t, exit.Usage).says(t, "--batch")
	r.runIn("", args...).want(t, exit.Unexpected).says(t, "is empty")
}

func TestSeveralSources(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	a := r.file("a.csv", "bucket,key\narchive,a.mov\narchive,both.mov\n")
	b := r.file("b.txt", "b.mov\nboth.mov\n")
	r.run("run", a, b, "--source-bucket", "archive").want(t, exit.Usage).says(t, "--batch", "several sources")
	r.unsent()
	r.run("run", a, b, "--source-bucket", "archive", "--batch", "all").want(t, exit.OK)
	r.submittedKeys("a.mov", "b.mov", "both.mov")
	r.status().books(t, 3, 0, 1, 0, 0)
	// One that breaks off does not keep the others from being read.
	r.file("a.csv", "bucket,key\narchive,c.mov\narchive,\"d.mov\n")
	r.file("b.txt", "b.mov\nboth.mov\ne.mov\n")
	r.run("run", a, b, "--source-bucket", "archive", "--batch", "all").want(t, exit.Incomplete).says(t, "a.csv: line 3", "never closed")
	r.submittedKeys("a.mov", "b.mov", "both.mov", "c.mov", "e.mov")
	r.settled(5)
}

// An inventory is one source of several parts: what is no object of today is skipped and counted, and a part that is not
// what the manifest.json says sends nothing.
func TestInventoryAsASource(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	part := `"archive","a%2Bb+c.mov","true","false","10"` + "\n" + `"archive","a%2Bb+c.mov","false","false","9"` + "\n" + `"archive","gone.mov","true","true",""` + "\n"
	sum := md5.Sum([]byte(part))
	r.file("p.csv", part)
	m := r.file("manifest.json", fmt.Sprintf(`{
  "sourceBucket": "archive", "destinationBucket": "arn:aws:s3:::lists", "version": "2016-11-30", "fileFormat": "CSV",
  "fileSchema": "Bucket, Key, IsLatest, IsDeleteMarker, Size",
  "files": [ { "key": "lists/data/p.csv", "size": %d, "MD5checksum": "%x" } ]
}`, len(part), sum))
	r.run("run", m).want(t, exit.OK).says(t, "1 skipped: delete marker", "1 skipped: old version")
	r.submittedKeys("a+b c.mov")
	r.status().books(t, 1, 0, 0, 0, 2)
	r.file("p.csv", strings.Replace(part, "gone", "here", 1))
	r.run("run", m, "--batch", "other").want(t, exit.Unexpected).says(t, "the part lists/data/p.csv is another or a damaged one", "MD5")
	r.run("run", r.file("bare.csv", part), "--format", "s3-inventory").want(t, exit.Unexpected).says(t, "name the manifest.json")
	r.submittedKeys("a+b c.mov")
}

// A pattern that no shell has expanded is one source: new files that match it come into the same batch.
func TestPatternIsOneSource(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.file("a.csv", "bucket,key\narchive,a.mov\n")
	r.file("c.csv", "key;bucket\nc.mov;archive\n;archive\n")
	pattern := filepath.Join(r.dir, "*.csv")
	r.run("run", pattern).want(t, exit.Incomplete).says(t, "c.csv: no key")
	r.submittedKeys("a.mov", "c.mov")
	batch := r.status().Batch
	r.file("b.csv", "bucket,key\narchive,a.mov\narchive,b.mov\n")
	r.run("run", pattern).want(t, exit.Incomplete)
	r.submittedKeys("a.mov", "b.mov", "c.mov")
	if again := r.status().Batch; again != batch {
		t.Errorf("batch: got %q, then %q", batch, again)
	}
	r.status().books(t, 1, 2, 1, 1, 0)
	r.run("run", filepath.Join(r.dir, "*.jsonl")).want(t, exit.Usage).says(t, "no file matches")
}

// A format that nothing tells is a missing setting, found before the sources in front of it are read.
func TestUntoldFormatOfASecondSourceSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.manifest("a.csv", 2), r.file("list", "a.mov\n"), "--batch", "both").want(t, exit.Usage).says(t, "list", "--format")
	r.run("run", r.manifest("a.csv", 2), "--delimiter", "ab").want(t, exit.Usage).says(t, "--delimiter", `"ab"`)
	r.run("run", r.manifest("a.csv", 2), "--columns", "kay=1").want(t, exit.Usage).says(t, "--columns", `"kay"`)
	r.unsent()
	r.noQueue()
}

// The fields of a row arrive as they are and beat the batch's settings; what it leaves out comes from those.
func TestFieldsOfRowsArriveAtAiR(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	flat := r.file("m.csv", `bucket,key,name,priority,services,region,endpoint,destination_bucket,destination_region,note
archive,all.mov,"My, name ""ü""",7,"{""s2t"":{""config"":{""lang"":""de"",""n"":1.50}}}",eu-west-1,s3.eu-west-1.wasabisys.com,mine,eu-west-2,n
archive,list.mov,,,face;logo,,,,,
archive,none.mov,,,,,,,,
`)
	nested := r.file("n.jsonl", `{"Name":"api","Priority":2,"Services":{"ocr":""},"Destination":{"Bucket":"api","Region":"ap-1"},"Source":{"Endpoint":"s3.example.com","Bucket":"other","Region":"us-2","ObjectKey":"api.mov"}}`+"\n")
	r.run("run", flat, nested, "--batch", "fields", "--priority", "5", "--source-region", "us-east-9").want(t, exit.OK)
	want := map[string]air.Job{
		"all.mov": {Name: `My, name "ü"`, Priority: 7, Services: []byte(`{"s2t":{"config":{"lang":"de","n":1.50}}}`), Destination: air.Destination{Bucket: "mine", Region: "eu-west-2"},
			Source: air.Source{Endpoint: "s3.eu-west-1.wasabisys.com", Bucket: "archive", Region: "eu-west-1"}},
		"list.mov": {Priority: 5, Services: []byte(`{"face":"","logo":""}`), Destination: air.Destination{Bucket: "results", Region: "us-east-1"},
			Source: air.Source{Bucket: "archive", Region: "us-east-9"}},
		"none.mov": {Priority: 5, Services: []byte(`{"ocr":"","s2t":""}`), Destination: air.Destination{Bucket: "results", Region: "us-east-1"},
			Source: air.Source{Bucket: "archive", Region: "us-east-9"}},
		"api.mov": {Name: "api", Priority: 2, Services: []byte(`{"ocr":""}`), Destination: air.Destination{Bucket: "api", Region: "ap-1"},
			Source: air.Source{Endpoint: "s3.example.com", Bucket: "other", Region: "us-2"}},
	}
	got := r.jobs()
	for key, w := range want {
		g := got[key]
		w.Source.ObjectKey, w.Source.Provider = key, g.Source.Provider
		if w.Name == "" {
			w.Name = g.Name
		}
		if g.Batch != "fields" || g.Name != w.Name || g.Priority != w.Priority || string(g.Services) != string(w.Services) || g.Destination != w.Destination || g.Source != w.Source {
			t.Errorf("%s: got %+v, want %+v", key, g, w)
		}
	}
	r.settled(len(want))
}

// Region, endpoint and priority are not sent if nobody gives them.
func TestWhatNobodyGivesIsNotSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("m.csv", goodCSV), "--services", "@"+r.file("services.json", `{ "logo": {"config": {"b": 1, "a": []}} }`)).want(t, exit.OK)
	for key, j := range r.jobs() {
		if j.Source.Region != "" || j.Source.Endpoint != "" || j.Priority != 0 {
			t.Errorf("%s: got %+v", key, j)
		}
		if want := `{"logo":{"config":{"a":[],"b":1}}}`; string(j.Services) != want {
			t.Errorf("services: got %s, want %s", j.Services, want)
		}
	}
}

// The same object with other fields is a conflict: rejected with its line, in the first reading and in later ones.
func TestConflictingRowsAreRejected(t *testing.T) {
	t.Parallel()
	const header = "bucket,key,priority,name,region\n"
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", header+"archive,a.mov,1,,\narchive,b.mov,,,\narchive,a.mov,2,,\narchive,a.mov,1,,\narchive,b.mov,,other,\n")
	r.run("run", m).want(t, exit.Incomplete).says(t, `line 4 "a.mov"`, `line 6 "b.mov"`)
	r.submittedKeys("a.mov", "b.mov")
	r.status().books(t, 2, 0, 1, 2, 0)
	r.file("m.csv", header+"archive,a.mov,1,,\narchive,b.mov,,,eu-1\n")
	r.run("run", m, "--dry-run").want(t, exit.Incomplete).says(t, `line 3 "b.mov"`)
	r.run("run", m).want(t, exit.Incomplete).says(t, `line 3 "b.mov"`)
	r.status().books(t, 0, 1, 0, 1, 0)
	if err := os.Remove(m); err != nil {
		t.Fatal(err)
	}
	r.settled(2)
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
			r.run("run", m, "--strict").want(t, exit.OK).says(t, "5 = 2 added + 0 known + 0 duplicates + 0 rejected + 3 skipped", "3 skipped: empty row")
			r.submittedKeys("a.mov", "b.mov")
		})
	}
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("none.csv", "bucket,key\n,\n,\n"), "--batch", "none").want(t, exit.Incomplete).says(t, "has no row")
	r.run("run", r.file("m.jsonl", "{\"bucket\":\"archive\",\"key\":\"a.mov\"}\n{}\n"), "--batch", "j").want(t, exit.Incomplete).says(t, "no key")
}
