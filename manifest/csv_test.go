package manifest

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

func TestCSV(t *testing.T) {
	long := strings.Repeat("x", entry.MaxKey)
	tests := []struct {
		name, bucket, data string
		want               want
	}{
		{"header", "", "bucket,key\nb,a.mp4\nb,c.mp4\n", want{rows: []string{"b/a.mp4", "b/c.mp4"}}},
		{"header, other order and case", "", " KEY ,Region,BUCKET\na.mp4,r,b\n", want{rows: []string{"b/a.mp4"}}},
		{"header, object_key", "", "bucket,object_key\nb,a\n", want{rows: []string{"b/a"}}},
		{"header, ObjectKey", "", "bucket,ObjectKey\nb,a\n", want{rows: []string{"b/a"}}},
		{"header only", "", "bucket,key\n", want{}},
		{"header only, no newline", "", "bucket,key", want{}},
		{"header, default bucket", "d", "key\na\n", want{rows: []string{"d/a"}}},
		{"header, bucket empty, default", "d", "bucket,key\n,a\nb,c\n", want{rows: []string{"d/a", "b/c"}}},
		{"header, bucket empty, no default", "", "bucket,key\n,a\n", want{rejects: []reject{{2, "set --source-bucket"}}}},
		{"no header", "", "b,a.mp4\nb,c.mp4\n", want{rows: []string{"b/a.mp4", "b/c.mp4"}}},
		{"no header, one column", "d", "a.mp4\nc.mp4\n", want{rows: []string{"d/a.mp4", "d/c.mp4"}}},
		{"no header, s3 urls", "", "s3://b/a\ns3://c/d/e\n", want{rows: []string{"b/a", "c/d/e"}}},
		{"no header, one column, no bucket", "", "a.mp4\n", want{end: "--source-bucket", line: 1, unread: true}},
		{"no header, three columns", "", "b,a,c\n", want{end: "3 columns", line: 1, unread: true}},
		{"a header without a key column", "", "bucket,path\nb,a\n", want{end: "looks like a header", line: 1, unread: true}},
		{"a name of a column in the first row", "", "bucket,a.mp4\n", want{end: "if it is a row, add --columns bucket=1,key=2", line: 1, unread: true}},
		{"a column twice", "", "key,bucket,object_key\n", want{end: "names the key column twice", line: 1, unread: true}},
		{"blank lines", "", "\n\r\nbucket,key\n\nb,a\r\n\r\n\nb,c\n\n", want{rows: []string{"b/a", "b/c"}}},
		{"crlf", "", "bucket,key\r\nb,a\r\nb,c\r\n", want{rows: []string{"b/a", "b/c"}}},
		{"crlf, last line without lf", "", "b,a\r\nb,c\r", want{rows: []string{"b/a", "b/c"}}},
		{"no last newline", "", "b,a\nb,c", want{rows: []string{"b/a", "b/c"}}},
		{"bom", "", "\ufeffbucket,key\nb,a\n", want{rows: []string{"b/a"}}},
		{"bom, quoted header", "", "\ufeff\"bucket\",\"key\"\nb,a\n", want{rows: []string{"b/a"}}},
		{"bom only", "", "\ufeff", want{end: "is empty", unread: true}},
		{"blanks belong to the key", "", "b, a \nb,\" c\t\"\n", want{rows: []string{"b/ a ", "b/ c\t"}}},
		{"blanks around the bucket do not", "", "bucket,key\n b ,a\n", want{rows: []string{"b/a"}}},
		{"quotes", "", "b,\"a,c\"\n\"b\",\"d\"\"e\"\n", want{rows: []string{"b/a,c", "b/d\"e"}}},
		{"lf, cr and crlf in quotes", "", "b,\"a\nc\"\nb,\"a\rc\"\nb,\"a\r\nc\"\nb,z\n", want{rows: []string{"b/a\nc", "b/a\rc", "b/a\r\nc", "b/z"}}},
		{"quoted, crlf row ends", "", "\"b\",\"a\"\r\n\"b\",\"c\"\r\n\"b\",\"d\"", want{rows: []string{"b/a", "b/c", "b/d"}}},
		{"quoted first, plain last, crlf", "", "\"b\",a\r\n\"b\",c", want{rows: []string{"b/a", "b/c"}}},
		{"an empty cell in quotes", "", "bucket,key\nb,\"\"\n", want{rejects: []reject{{2, "no key"}}}},
		{"only commas", "", "bucket,key\n,\n", want{rows: []string{"/"}}},
		{"line numbers after a long row", "", "bucket,key\nb,\"a\n\n\nc\"\nb\nb,d\n", want{rows: []string{"b/a\n\n\nc", "b/d"}, rejects: []reject{{6, "1 columns instead of 2"}}}},
		{"too many cells", "", "b,a\nb,c,d\nb,e\n", want{rows: []string{"b/a", "b/e"}, rejects: []reject{{2, "3 columns instead of 2"}}}},
		{"too few cells", "", "bucket,key\nb\nb,e\n", want{rows: []string{"b/e"}, rejects: []reject{{2, "1 columns"}}}},
		{"a quote inside a cell", "", "b,a\nb,c\"d\nb,e\n", want{rows: []string{"b/a", "b/e"}, rejects: []reject{{2, "does not begin with one"}}}},
		{"text after a quote", "", "b,a\nb,\"c\"d\nb,e\n", want{rows: []string{"b/a", "b/e"}, rejects: []reject{{2, "follows a closing quote"}}}},
		{"text after a quote that swallowed a line", "", "b,a\nb,\"c\nb,\"d\"\nb,e\n", want{rows: []string{"b/a", "b/e"}, rejects: []reject{{2, "lines 2 to 3"}}}},
		{"cr in a cell", "", "b,a\nb,c\rd\n\"b\",e\rf\nb,g\n", want{rows: []string{"b/a", "b/g"}, rejects: []reject{{2, "carriage return"}, {3, "carriage return"}}}},
		{"cr twice at the end", "", "b,a\nb,c\r\r\n", want{rows: []string{"b/a"}, rejects: []reject{{2, "carriage return"}}}},
		{"unclosed quote", "", "b,a\nb,\"c\nb,d\n", want{rows: []string{"b/a"}, end: "never closed", line: 2}},
		{"unclosed quote on a later line of its row", "", "bucket,key,note\nb,a,n\nb,\"c\nd\",\"e\n", want{rows: []string{"b/a"}, end: "never closed", line: 4}},
		{"unclosed quote first", "", "\"b,a\nb,c\n", want{end: "never closed", line: 1, unread: true}},
		{"unclosed quote after the header", "", "bucket,key\nb,\"a\n", want{end: "never closed", line: 2, unread: true}},
		{"nul later", "", "b,a\n" + strings.Repeat("b,"+long+"\n", 300) + "b,d\x00e\nb,f\n", want{rows: append(append([]string{"b/a"}, repeat("b/"+long, 300)...), "b/f"), rejects: []reject{{302, "NUL"}}}},
		{"nul in another column later", "", "bucket,key,note\n" + strings.Repeat("b,"+long+",\n", 300) + "b,d,\x00\n", want{rows: repeat("b/"+long, 300), rejects: []reject{{302, "NUL"}}}},
		{"invalid utf-8 in the key", "", "b,a\nb,c\xff\nb,d\n", want{rows: []string{"b/a", "b/d"}, rejects: []reject{{2, "not valid UTF-8"}}}},
		{"invalid utf-8 elsewhere", "", "bucket,key,title\nb,a,caf\xe9\n", want{rejects: []reject{{2, "the title column"}}}},
		{"longest key", "", "b," + long + "\nb,x" + long + "\n", want{rows: []string{"b/" + long}, rejects: []reject{{2, "1025 bytes"}}}},
		{"a line of 1 MB", "", "b,a\nb," + strings.Repeat("x", 1<<20) + "\nb,c\n", want{rows: []string{"b/a", "b/c"}, rejects: []reject{{2, "1048576 bytes"}}}},
		{"a line over the limit", "", "b,a\nb," + strings.Repeat("x", 3*input.MaxLine) + "\nb,c\n", want{rows: []string{"b/a", "b/c"}, rejects: []reject{{2, "line is longer than"}}}},
		{"a line over the limit at the end", "", "b,a\nb," + strings.Repeat("x", 3*input.MaxLine), want{rows: []string{"b/a"}, rejects: []reject{{2, "line is longer than"}}}},
		{"a line over the limit first", "", strings.Repeat("x", 2*input.MaxLine) + "\nb,a\n", want{end: "first line is longer", line: 1, unread: true}},
		{"an open quote over the limit", "", "b,a\nb,\"" + strings.Repeat("x\n", input.MaxLine) + "\"\n", want{rows: []string{"b/a"}, end: "not closed within", line: 2}},
		{"key with bucket", "", "bucket,key\nb,s3://b/a\n,s3://c/s3://d\nb,s3://c/a\n", want{rows: []string{"b/a", "c/s3://d"}, rejects: []reject{{4, `the bucket column "b"`}}}},
		{"key with bucket beats the default", "d", "key\ns3://b/a\n", want{rows: []string{"b/a"}}},
		{"key with bucket only", "d", "key\ns3://b/\ns3://b\ns3:///a\n", want{rejects: []reject{{2, "no key"}, {3, "no key"}, {4, "names no bucket"}}}},
		{"odd keys", "", "b,a+b\nb,100%\nb,//x/./y\nb,\x01\nb,Üb€r/日本/🎬.mp4\n", want{rows: []string{"b/a+b", "b/100%", "b///x/./y", "b/\x01", "b/Üb€r/日本/🎬.mp4"}}},
		{"bad bucket", "", "bucket,key\na/b,c\na b,c\n", want{rejects: []reject{{2, "not a bucket name"}, {3, "not a bucket name"}}}},
		{"bad name", "", "bucket,key,name\nb,a,   \nb,a," + strings.Repeat("é", 256) + "\nb,a," + strings.Repeat("é", 257) + "\n", want{rows: []string{"b/a"}, rejects: []reject{{2, "blank"}, {4, "257 characters"}}}},
		{"bad priority", "", "bucket,key,priority\nb,1, 1 \nb,2,10\nb,3,11\nb,4,0\nb,5,high\nb,6,1.5\nb,7,\n", want{rows: []string{"b/1", "b/2", "b/7"}, rejects: []reject{{4, `"11"`}, {5, `"0"`}, {6, `"high"`}, {7, `"1.5"`}}}},
		{"bad services", "", "bucket,key,services\nb,1,ocr\nb,2,\"{\"\"ocr\"\":1}\"\nb,3,\" \"\nb,4,\n", want{rows: []string{"b/1", "b/4"}, rejects: []reject{{3, `"ocr"`}, {4, "name none"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, rejected, end := read(t, FormatCSV, tt.bucket, tt.data)
			tt.want.check(t, all, rejected, end)
		})
	}
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func TestCSVColumns(t *testing.T) {
	const data = "title,Bucket,note,KEY,region,endpoint,Name,PRIORITY,services,destination_bucket,destination_region,\n" +
		"T,b,\"n\"\"n\",k,r,https://e,N,7,s2t;ocr,db,dr,last\n" +
		"T,b,n,k,r,,N,70,s2t,,,\n"
	all, rejected, end := read(t, FormatCSV, "", data)
	if end != nil {
		t.Fatal(end)
	}
	want := []entry.Entry{{
		Line: 2, Bucket: "b", Key: "k", Region: "r", Endpoint: "https://e", Name: "N", Priority: 7,
		Services: []byte(`{"ocr":"","s2t":""}`), DestinationBucket: "db", DestinationRegion: "dr",
		Extra: []entry.Field{{Name: "title", Value: "T"}, {Name: "note", Value: `n"n`}, {Name: "", Value: "last"}},
	}}
	if d := cmp.Diff(want, all); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	wantRejected := []*entry.RowError{{
		Source: "-", Line: 3, Bucket: "b", Key: "k", Reason: `priority "70" is not a whole number from 1 to 10`,
		Extra: []entry.Field{{Name: "region", Value: "r"}, {Name: "name", Value: "N"}, {Name: "priority", Value: "70"}, {Name: "services", Value: "s2t"}, {Name: "title", Value: "T"}, {Name: "note", Value: "n"}, {Name: "", Value: ""}},
	}}
	if d := cmp.Diff(wantRejected, rejected); d != "" {
		t.Errorf("rejected (-want +got):\n%s", d)
	}
}

func TestCSVReport(t *testing.T) {
	head := strings.Join(entry.ReportColumns(), ",")
	row := "7,b,k,%s,j1,N,2,400,BAD_REQUEST,\"no, such\",2026-01-02T03:04:05Z,r,T\n"
	all, rejected, end := read(t, FormatCSV, "", head+",region,title\n"+fmt.Sprintf(row, "failed")+fmt.Sprintf(row, "submitted"))
	if end != nil || len(rejected) > 0 {
		t.Fatal(end, rejected)
	}
	e := entry.Entry{Line: 2, Bucket: "b", Key: "k", Name: "N", Region: "r", State: "failed", Extra: []entry.Field{{Name: "title", Value: "T"}}}
	sent := e
	sent.Line, sent.State = 3, "submitted"
	if d := cmp.Diff([]entry.Entry{e, sent}, all); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}

	// In any other order the columns are the user's own.
	all, _, end = read(t, FormatCSV, "", "state,bucket,key\nfailed,b,k\n")
	if end != nil {
		t.Fatal(end)
	}
	if d := cmp.Diff([]entry.Entry{{Line: 2, Bucket: "b", Key: "k", Extra: []entry.Field{{Name: "state", Value: "failed"}}}}, all); d != "" {
		t.Errorf("no report (-want +got):\n%s", d)
	}
}

func TestRejectedKeyStaysBad(t *testing.T) {
	_, rejected, _ := read(t, FormatCSV, "", "b,"+strings.Repeat("x", 1<<20)+"\nb,a,c\n")
	if len(rejected) != 2 {
		t.Fatalf("got %d rejects, want 2", len(rejected))
	}
	if n := len(rejected[0].Key); n <= entry.MaxKey || n > 2*entry.MaxKey {
		t.Errorf("the long key: got %d bytes, want more than %d, at most %d", n, entry.MaxKey, 2*entry.MaxKey)
	}
	if rejected[1].Key != "" || rejected[1].Bucket != "" {
		t.Errorf("columns in doubt: got %q, %q, want none", rejected[1].Bucket, rejected[1].Key)
	}
}

func TestWriteCSVRecord(t *testing.T) {
	tests := []struct {
		name   string
		fields []string
		want   string
	}{
		{"plain", []string{"a", "b c", ""}, "a,b c,\n"},
		{"comma and quote", []string{"a,b", `c"d`, `"`}, "\"a,b\",\"c\"\"d\",\"\"\"\"\n"},
		{"line ends", []string{"a\nb", "a\rb", "a\r\nb"}, "\"a\nb\",\"a\rb\",\"a\r\nb\"\n"},
		{"blanks", []string{" a", "b\t", "\ufeffc"}, "\" a\",\"b\t\",\"\ufeffc\"\n"},
		{"one empty field", []string{""}, "\"\"\n"},
		{"one bom", []string{"\ufeff"}, "\"\ufeff\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			w := bufio.NewWriter(&b)
			writeRecord(w, tt.fields)
			w.Flush()
			if b.String() != tt.want {
				t.Errorf("got %q, want %q", b.String(), tt.want)
			}
		})
	}
}
