package manifest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
)

func TestDialects(t *testing.T) {
	long := `"a ""b"", c;d"`
	tests := []struct {
		name, delimiter, columns, data string
		want                           want
	}{
		{"semicolon by the header", "", "", "bucket;key\nb;a,c.mp4\nb;\"d;e\"\n", want{rows: []string{"b/a,c.mp4", "b/d;e"}}},
		{"tab by the header", "", "", "key\tbucket\na b;c,d\tb\n", want{rows: []string{"b/a b;c,d"}}},
		{"a comma in a semicolon header", "", "", "title, subtitle;bucket;key\nx, y;b;a\n", want{rows: []string{"b/a"}}},
		{"quoted header", "", "", long + ";bucket;key\nx;b;a\n", want{rows: []string{"b/a"}}},
		{"semicolon asked for, no header", ";", "", "b;a,c\nb;d\n", want{rows: []string{"b/a,c", "b/d"}}},
		{"bar", "|", "", "bucket|key\nb|a;c\n", want{rows: []string{"b/a;c"}}},
		{"tab by name", "tab", "", "b\ta\n", want{rows: []string{"b/a"}}},
		{"tab in letters", `\t`, "", "b\t\"a\tc\"\n", want{rows: []string{"b/a\tc"}}},
		{"asked for beats the header", ".", "", "x.key;bin\n1.2;b\n", want{rows: []string{"x/key;bin", "1/2;b"}}},
		{"an escape that is none", "", "", "bucket;key\nb;\"a\"\"\nb\"\n", want{rows: []string{"b/a\"\nb"}}},
		{"too many cells", "", "", "bucket;key\nb;a;c\n", want{rejects: []reject{{2, "a key that holds a semicolon needs quotes"}}}},

		{"a bucket named as a column is", "", "bucket=1,key=2", "bucket,a.mp4\n", want{rows: []string{"bucket/a.mp4"}}},
		{"by number", "", "bucket=2,key=3", "1,b,a\n2,b,c\n", want{rows: []string{"b/a", "b/c"}}},
		{"by number, tabs", "tab", "key=2,bucket=1", "b\ta\textra\n", want{rows: []string{"b/a"}}},
		{"by number, a header", "", "bucket=1,key=2", "bucket,key\nb,a\n", want{end: "it is a header", line: 1, unread: true}},
		{"by number, too far", "", "key=3", "b,a\n", want{end: "key is said to be in column 3", line: 1, unread: true}},
		{"by name", "", "key=File Path,bucket=Volume", "ID,volume,file path\n1,b,a\n", want{rows: []string{"b/a"}}},
		{"by name, semicolons", "", "key=File Path,bucket=Volume", "ID;Volume;File Path\n1;b;a\n", want{rows: []string{"b/a"}}},
		{"by name, a comma in it", "", "key=Path, absolute", "Path, absolute;bucket\na;b\n", want{rows: []string{"b/a"}}},
		{"by name, not there", "", "key=Pfad", "ID,Path\n1,a\n", want{end: `no column "Pfad", which --columns names; it has "ID", "Path"`, line: 1, unread: true}},
		{"by name beats a column named key", "", "key=path", "bucket,key,path\nb,7,a\n", want{rows: []string{"b/a"}}},
		{"other spellings", "", "", "Object Key,BUCKET\na,b\n", want{rows: []string{"b/a"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Format: FormatCSV}
			setDialect(t, &o, tt.delimiter, tt.columns)
			all, rejected, end := readWith(t, o, tt.data)
			tt.want.check(t, all, rejected, end)
		})
	}
}

func setDialect(tb testing.TB, o *Options, delimiter, columns string) {
	tb.Helper()
	var err error
	if o.Delimiter, err = csv.ParseDelimiter(delimiter); err != nil {
		tb.Fatal(err)
	}
	if o.Columns, err = entry.ParseColumns(columns); err != nil {
		tb.Fatal(err)
	}
}

func TestParseDelimiterAndColumns(t *testing.T) {
	for _, s := range []string{"ab", `"`, "\n", "a", "7", "\x00", "¦", "\u20ac", "\x7f"} {
		if d, err := csv.ParseDelimiter(s); err == nil {
			t.Errorf("delimiter %q: got %q, want an error", s, d)
		}
	}
	for s, text := range map[string]string{
		"bucket=1": "where the key is", "key": `"key" is no column`, "key=": "names no column", "key=0": "counted from 1", "key=1,bucket=1": "the same column",
		"key=1,bucket=Volume": "mixes numbers and names", "key=1,key=2": "twice", "kay=1": `"kay" is no column`, "key=a,buckt=b": `"buckt"`, "key=99999999": "counted from 1",
	} {
		if _, err := entry.ParseColumns(s); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("columns %q: got %v, want %q in it", s, err, text)
		}
	}
}

// What a row tells of its object fills the entry and is carried all the same.
func TestDescriptionOfTheObject(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	want := []entry.Entry{
		{Line: 2, Bucket: "b", Key: "a", Sized: true, Size: 1234, ETag: "abc-2", LastModified: at, StorageClass: "GLACIER",
			Extra: []entry.Field{{Name: "Size", Value: "1234"}, {Name: "ETag", Value: `"abc-2"`}, {Name: "LastModifiedDate", Value: "2024-05-06T09:08:09.000+02:00"}, {Name: "storage class", Value: "GLACIER"}, {Name: "VersionId", Value: "v1"}, {Name: "x", Value: "y"}}},
		{Line: 3, Bucket: "b", Key: "c",
			Extra: []entry.Field{{Name: "Size", Value: "1,2"}, {Name: "ETag", Value: ""}, {Name: "LastModifiedDate", Value: "yesterday"}, {Name: "storage class", Value: ""}, {Name: "VersionId", Value: ""}, {Name: "x", Value: ""}}},
		{Line: 4, Bucket: "b", Key: "d", Sized: true, LastModified: at,
			Extra: []entry.Field{{Name: "Size", Value: "0"}, {Name: "ETag", Value: ""}, {Name: "LastModifiedDate", Value: "2024-05-06 07:08:09"}, {Name: "storage class", Value: ""}, {Name: "VersionId", Value: ""}, {Name: "x", Value: ""}}},
	}
	const head = "bucket,Size,key,ETag,LastModifiedDate,storage class,VersionId,x\n"
	got, rejected, end := read(t, FormatCSV, "", head+
		"b,1234,a,\"\"\"abc-2\"\"\",2024-05-06T09:08:09.000+02:00,GLACIER,v1,y\nb,\"1,2\",c,,yesterday,,,\nb,0,d,,2024-05-06 07:08:09,,,\n")
	if d := cmp.Diff(want, got); d != "" || len(rejected) > 0 || end != nil {
		t.Errorf("CSV: %v, %v (-want +got):\n%s", rejected, end, d)
	}

	got, rejected, end = read(t, FormatJSONL, "", `{"bucket":"b","key":"a","size":1234,"e_tag":"abc-2","last_modified":"Mon, 06 May 2024 07:08:09 GMT","storage_class":"GLACIER","version_id":"v1"}
{"bucket":"b","key":"c","size":"12","Size":13,"etag":null,"last_modified":17,"version_id":{"a":1}}
{"bucket":"b","key":"d","size":-1}
`)
	want = []entry.Entry{
		{Line: 1, Bucket: "b", Key: "a", Sized: true, Size: 1234, ETag: "abc-2", LastModified: at, StorageClass: "GLACIER",
			Extra: []entry.Field{{Name: "size", Value: "1234"}, {Name: "e_tag", Value: "abc-2"}, {Name: "last_modified", Value: "Mon, 06 May 2024 07:08:09 GMT"}, {Name: "storage_class", Value: "GLACIER"}, {Name: "version_id", Value: "v1"}}},
		{Line: 2, Bucket: "b", Key: "c", Sized: true, Size: 12,
			Extra: []entry.Field{{Name: "size", Value: "12"}, {Name: "Size", Value: "13"}, {Name: "etag", Value: "null"}, {Name: "last_modified", Value: "17"}, {Name: "version_id", Value: `{"a":1}`}}},
		{Line: 3, Bucket: "b", Key: "d", Extra: []entry.Field{{Name: "size", Value: "-1"}}},
	}
	if d := cmp.Diff(want, got); d != "" || len(rejected) > 0 || end != nil {
		t.Errorf("JSON Lines: %v, %v (-want +got):\n%s", rejected, end, d)
	}
}

func TestBatchOperationsManifest(t *testing.T) {
	tests := []struct {
		name, columns, data string
		want                want
	}{
		{"keys are decoded", "", "b,a%2Bb+c%25.mp4\nb,\"%C3%9C%2C%22%0A\"\n", want{rows: []string{"b/a+b c%.mp4", "b/Ü,\"\n"}}},
		{"versions", "", "b,a,v1\nb,c,\n", want{rows: []string{"b/a", "b/c"}}},
		{"a key like a URL", "", "b,s3%3A//c/d\nb,s3://c/d\n", want{rows: []string{"b/s3://c/d", "b/s3://c/d"}}},
		{"not encoded", "", "b,100%.mp4\nb,a\n", want{rows: []string{"b/a"}, rejects: []reject{{1, "must be written %25"}}}},
		{"decodes to no UTF-8", "", "b,%ff\nb,a%00b\n", want{rejects: []reject{{1, "not valid UTF-8"}, {2, "NUL"}}}},
		{"decoded length counts", "", "b," + strings.Repeat("%61", entry.MaxKey) + "\n", want{rows: []string{"b/" + strings.Repeat("a", entry.MaxKey)}}},
		{"a header", "", "bucket,key\nb,a\n", want{end: "is a header", line: 1, unread: true}},
		{"four columns", "", "b,a,c,d\n", want{end: "4 columns", line: 1, unread: true}},
		{"ignored columns", "bucket=2,key=3,version_id=4", "x,b,a%20c,v\n", want{rows: []string{"b/a c"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Format: FormatBatch}
			setDialect(t, &o, "", tt.columns)
			all, rejected, end := readWith(t, o, tt.data)
			tt.want.check(t, all, rejected, end)
		})
	}
	all, _, _ := readWith(t, Options{Format: FormatBatch}, "b,a,v1\n")
	if d := cmp.Diff([]entry.Entry{{Line: 1, Bucket: "b", Key: "a", Extra: []entry.Field{{Name: "version_id", Value: "v1"}}}}, all); d != "" {
		t.Errorf("version (-want +got):\n%s", d)
	}
}
