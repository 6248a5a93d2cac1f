package manifest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"airlift/manifest/entry"
)

// TestJSONDocuments gives JSON that is one document and no rows a line, on standard
// input and as files, and wants it called what it is, with the program for jq.
func TestJSONDocuments(t *testing.T) {
	const (
		aws    = "{\n    \"Contents\": [\n        {\n            \"Key\": \"reels/a.mov\",\n            \"LastModified\": \"2024-03-01T10:00:00+00:00\",\n            \"Size\": 1048576\n        }\n    ],\n    \"RequestCharged\": null\n}\n"
		awsRow = `{"Contents":[{"Key":"reels/a.mov","Size":1048576}],"RequestCharged":null}` + "\n"
		rclone = "[\n" + `{"Path":"reels","Name":"reels","Size":-1,"MimeType":"inode/directory","IsDir":true},` + "\n" + `{"Path":"reels/a.mov","Name":"a.mov","Size":1048576,"IsDir":false}` + "\n]\n"
		line   = `[{"title":"A","File Path":"reels/a.mov"}]`
		noName = "[\n{\"a\":1,\n\"b\":2}]"
		object = "{\n  \"bucket\": \"b\",\n  \"key\": \"a.mov\",\n  \"marks\": [{\"at\": 1}]\n}\n"
	)
	tests := []struct{ name, data, finding, remedy string }{
		{"aws", aws, "the JSON of aws s3api list-objects-v2", "jq -c '.Contents[]' FILE"},
		{"aws, one line", awsRow, "the JSON of aws s3api list-objects-v2", `--query "Contents[].[Key]" --output text`},
		{"aws, no first row", "{\n \"RequestCharged\": null,\n \"Tags\": [\"x\"],\n \"Versions\": [{\"Key\": \"a\"}]\n}\n", "list-object-versions", "jq -c '.Versions[] | select(.IsLatest)' FILE"},
		{"rclone", rclone, "as rclone lsjson writes it", "jq -c '.[] | select(.IsDir | not) | {key: .Path}' FILE"},
		{"rows under a name", "{\n\"assets\": [\n {\"id\": 1, \"objectUrl\": \"s3://b/a.mov\"}]}", `have the fields "id", "objectUrl"`, "jq -c '.assets[] | {key: .objectUrl}' FILE"},
		{"an array in one line", line, `have the fields "title", "File Path"`, `jq -c '.[] | {key: ."File Path"}' FILE`},
		{"no likely field", noName, `have the fields "a", "b"`, "--columns key=FIELD"},
		{"rows over several lines", object, "JSON document over several lines", "jq -c '.' FILE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"-", "list.json", "list.jsonl", "list.csv", "list.txt"} {
				o, arg := Options{SourceBucket: "b"}, name
				if name == "-" {
					o.Stdin = strings.NewReader(tt.data)
				} else if arg = filepath.Join(t.TempDir(), name); os.WriteFile(arg, []byte(tt.data), 0o600) != nil {
					t.Fatal("cannot write")
				}
				r, err := Open(context.Background(), arg, o)
				if err == nil {
					r.Close()
					t.Errorf("%s: was read", name)
					continue
				}
				if !strings.Contains(err.Error(), tt.finding) || !strings.Contains(err.Error(), tt.remedy) {
					t.Errorf("%s: got %v", name, err)
				}
			}
		})
	}
	// What jq makes of them is read.
	all, rejected, end := read(t, FormatJSONL, "b", `{"Key":"reels/a.mov","LastModified":"2024-03-01T10:00:00+00:00","ETag":"\"d41\"","ChecksumAlgorithm":["CRC64NVME"],"Size":1048576,"StorageClass":"STANDARD"}`+"\n")
	want{rows: []string{"b/reels/a.mov"}}.check(t, all, rejected, end)
	// A row may have a field of such a name.
	all, rejected, end = read(t, "", "b", `{"Contents":[{"Key":"x"}],"key":"reels/a.mov"}`+"\n")
	want{rows: []string{"b/reels/a.mov"}}.check(t, all, rejected, end)
}

// TestColumnsOfJSONL names the members that hold key and bucket.
func TestColumnsOfJSONL(t *testing.T) {
	o := Options{Format: FormatJSONL}
	setDialect(t, &o, "", "key=Path,bucket=Volume")
	all, rejected, end := readWith(t, o, `{"Path":"reels","Volume":"b","IsDir":true}`+"\n"+
		`{"Path":"reels/a.mov","Volume":"b","IsDir":false,"key":"17"}`+"\n"+`{"path":"reels/b.mov","volume":"b","IsDir":false,"key":"18"}`+"\n"+`{"Volume":"b","Name":"c.mov"}`+"\n")
	want{rows: []string{"/", "b/reels/a.mov", "b/reels/b.mov"}, rejects: []reject{{4, `the row has no field "Path", which --columns names (its other fields: none)`}}}.check(t, all, rejected, end)
	if len(all) != 3 || all[0].Skip != entry.SkipFolder || len(all[1].Extra) != 2 || all[1].Extra[1] != (entry.Field{Name: "key", Value: "17"}) {
		t.Errorf("got %+v", all)
	}
	all, rejected, end = read(t, FormatJSONL, "b", `{"Name":"a.mov","Path":"reels/a.mov","id":1}`+"\n"+`{"id":1,"file":"a.mov","objectPath":"reels/a.mov"}`+"\n"+`{}`+"\n")
	want{rejects: []reject{{1, `the row has the fields "Path", "id"; say which holds the key, for example --columns 'key=Path'`}, {2, `--columns 'key=objectPath'`}, {3, entry.NoKey}}}.check(t, all, rejected, end)
	for name, data := range map[string]string{"a.jsonl": `{"key":"a"}`, "manifest.json": `{"sourceBucket":"b","fileFormat":"CSV"}`} {
		var o Options
		setDialect(t, &o, "", "key=1")
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, []byte(data+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(context.Background(), name, o); !errors.Is(err, entry.ErrUsage) || !strings.Contains(err.Error(), "--columns") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestKeyColumnOfAHeader proposes the column of the whole paths.
func TestKeyColumnOfAHeader(t *testing.T) {
	for csv, want := range map[string]string{
		"filename,path\na.mov,reels/a.mov\n":                            "key=path",
		"filename,location,path\na.mov,nas/reels/a.mov,reels/a.mov\n":   "key=path",
		"Title;Filename;Medium\nA;a.mov;reels/a.mov\nB;b.mov;x/b.mov\n": "key=Medium",
		"filename,shot,File Path\na.mov,2024/03/01,a.mov\n":             "key=File Path",
		"id,filename,s3_url\n":                                          "key=s3_url",
		"clip,file name\nA,a.mov\n":                                     "key=file name",
	} {
		_, _, err := read(t, FormatCSV, "b", csv)
		if err == nil || !strings.Contains(err.Error(), want+"'") {
			t.Errorf("%q: got %v, want %s", csv, err, want)
		}
	}
}
