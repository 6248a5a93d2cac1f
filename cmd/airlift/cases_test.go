package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// inputCase is a manifest as people have it, and what must come of it.
type inputCase struct {
	name, file, content string
	args                []string
	code                int
	jobs                []string // bucket/key, in any order
	skipped, rejected   int64
	says                []string
}

// run submits the case's file and checks jobs and books.
func (c inputCase) run(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	args := append([]string{"run", r.file(c.file, c.content), "--source-bucket", "archive", "--batch", "b"}, c.args...)
	r.run(args...).want(t, c.code).says(t, c.says...)
	var got []string
	for _, j := range r.air.Jobs() {
		got = append(got, j.Source.Bucket+"/"+j.Source.ObjectKey)
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(c.jobs))
	if !slices.Equal(got, want) {
		t.Errorf("jobs: got %q, want %q", got, want)
	}
	if len(c.jobs) > 0 {
		r.status().books(t, int64(len(c.jobs)), 0, 0, c.rejected, c.skipped)
	}
}

func runCases(t *testing.T, cases []inputCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, c.run)
	}
}

var bothReels = []string{"archive/reels/a.mov", "archive/reels/b.mov"}

// What tools print for people is refused with the command that lists keys, and no line of it becomes a job.
func TestOutputOfTools(t *testing.T) {
	t.Parallel()
	const aws = "2024-03-01 10:00:00    1048576 reels/a.mov\n2024-03-01 10:00:01    1048577 reels/b.mov\n"
	runCases(t, []inputCase{
		{name: "aws s3 ls", file: "keys.txt", content: aws, code: exit.Unexpected, says: []string{"aws s3 ls", "aws s3api list-objects-v2", "--columns key=1"}},
		{name: "aws s3 ls, compressed", file: "keys.txt.gz", content: gzipped(t, aws), code: exit.Unexpected, says: []string{"aws s3api list-objects-v2"}},
		{name: "aws s3 ls of a folder", file: "keys.csv", content: "                           PRE reels/\n" + aws, code: exit.Unexpected, says: []string{"aws s3api list-objects-v2"}},
		{name: "aws s3 ls in a CSV", file: "keys.csv", content: aws, code: exit.Unexpected, says: []string{"aws s3 ls"}},
		{name: "aws s3 ls, forced", file: "keys", content: aws, args: []string{"--format", "text"}, code: exit.Unexpected, says: []string{"aws s3 ls"}},
		{name: "aws s3 ls --human-readable --summarize", file: "keys.txt", content: "2024-03-01 10:00:00    1.0 MiB reels/a.mov\n2024-03-01 10:00:01  512 Bytes reels/b.mov\n\nTotal Objects: 2\n   Total Size: 1.0 MiB\n", code: exit.Unexpected, says: []string{"aws s3 ls", "aws s3api list-objects-v2"}},
		{name: "s5cmd ls -e -s", file: "keys.txt", content: "2024/03/01 10:00:00 STANDARD d41d8cd98f00b204e9800998ecf8427e      1048576  a.mov\n", code: exit.Unexpected, says: []string{"s5cmd ls --show-fullpath"}},
		{name: "md5sum", file: "keys.txt", content: "d41d8cd98f00b204e9800998ecf8427e  reels/a.mov\n", code: exit.Unexpected, says: []string{"checksum", "sed -E"}},
		{name: "find", file: "keys.txt.gz", content: gzipped(t, "./reels/a.mov\n./reels/b.mov\n"), code: exit.Unexpected, says: []string{"is the output of find", `-printf '%P\n'`}},
		{name: "find, as told", file: "keys.txt", content: "./reels/a.mov\n", args: []string{"--columns", "key=1"}, jobs: []string{"archive/./reels/a.mov"}},
		{name: "Windows paths", file: "keys.csv", content: "C:\\archive\\reels\\a.mov\r\n", code: exit.Unexpected, says: []string{"without the drive", "--columns key=1"}},
		{name: "s5cmd ls", file: "keys.txt", content: "2024/03/01 10:00:00           1048576  a.mov\n2024/03/01 10:00:01           1048577  b.mov\n", code: exit.Unexpected, says: []string{"s5cmd ls --show-fullpath"}},
		{name: "s5cmd ls --show-fullpath", file: "keys.txt", content: "s3://archive/reels/a.mov\ns3://archive/reels/b.mov\n", jobs: bothReels},
		{name: "s5cmd --json ls", file: "keys.jsonl", content: `{"key":"s3://archive/reels/a.mov","etag":"x","last_modified":"2024-03-01T10:00:00Z","type":"file","size":1048576,"storage_class":"STANDARD"}` + "\n", jobs: bothReels[:1]},
		{name: "rclone lsl", file: "keys.txt", content: "  1048576 2024-03-01 10:00:00.000000000 reels/a.mov\n", code: exit.Unexpected, says: []string{"rclone lsf -R --files-only"}},
		{name: "rclone ls", file: "keys.txt", content: "  1048576 reels/a.mov\n       12 reels/b.mov\n", code: exit.Unexpected, says: []string{"rclone lsf -R --files-only"}},
		{name: "rclone lsf with separators", file: "keys.txt", content: "reels/a.mov;1048576;2024-03-01 10:00:00\nreels/b.mov;12;2024-03-01 10:00:01\n", code: exit.Unexpected, says: []string{"--delimiter ';' --columns key=1"}},
		{name: "rclone lsf with separators, as told", file: "keys.txt", content: "reels/a.mov;1048576;2024-03-01 10:00:00\nreels/b.mov;12;2024-03-01 10:00:01\n",
			args: []string{"--format", "csv", "--delimiter", ";", "--columns", "key=1"}, jobs: bothReels},
		{name: "rclone lsf with folders", file: "keys.txt", content: "reels/\nreels/a.mov\nreels/b.mov\n", jobs: bothReels, skipped: 1, says: []string{"1 skipped: folder marker"}},
		{name: "mc ls", file: "keys.txt", content: "[2024-03-01 10:00:00 UTC] 1.0MiB STANDARD a.mov\n", code: exit.Unexpected, says: []string{"mc ls -r --json"}},
		{name: "aws s3api, all keys in one line", file: "keys.txt", content: "reels/a.mov\treels/b.mov\n", code: exit.Unexpected, says: []string{"a tab"}},
		{name: "keys that only look a bit so", file: "keys.txt", content: "2024-03-01 10:00 a.mov\n2024-03-01/10 b.mov\n123 c.mov\n", jobs: []string{"archive/2024-03-01 10:00 a.mov", "archive/2024-03-01/10 b.mov", "archive/123 c.mov"}},
		{name: "each whole line is a key", file: "keys.txt", content: aws, args: []string{"--columns", "key=1"},
			jobs: []string{"archive/2024-03-01 10:00:00    1048576 reels/a.mov", "archive/2024-03-01 10:00:01    1048577 reels/b.mov"}},
	})
}

// The keys of `mc ls --json` are relative to the folder of its url.
func TestRelativeKeysOfMC(t *testing.T) {
	t.Parallel()
	line := func(key, url string) string {
		return fmt.Sprintf(`{"status":"success","type":"file","lastModified":"2026-11-01T10:00:00Z","size":123,"key":%q,"etag":"d41","url":%q}`+"\n", key, url)
	}
	folder := `{"status":"success","type":"folder","lastModified":"2026-11-01T10:00:00Z","size":0,"key":"2024/","etag":"","url":"http://127.0.0.1:9000/archive/reels/"}` + "\n"
	runCases(t, []inputCase{
		{name: "a prefix", file: "export.jsonl", content: line("a.mov", "http://127.0.0.1:9000/archive/reels/") + line("b.mov", "http://127.0.0.1:9000/archive/reels/"), jobs: bothReels},
		{name: "a bucket", file: "export.jsonl", content: line("reels/a.mov", "https://s3.example.com/other/"), jobs: []string{"other/reels/a.mov"}},
		{name: "an escaped prefix, and a folder", file: "export.jsonl", content: folder + line("a b%20.mov", "http://h/archive/r%C3%A9els/"), jobs: []string{"archive/réels/a b%20.mov"}, skipped: 1},
		{name: "as text", file: "export.txt", content: line("a.mov", "http://127.0.0.1:9000/archive/reels/"), jobs: bothReels[:1]},
		{name: "no url", file: "export.jsonl", content: strings.Replace(line("a.mov", "x"), `,"url":"x"`, "", 1) + `{"key":"reels/b.mov"}` + "\n", code: exit.Incomplete, jobs: bothReels[1:], rejected: 1, says: []string{"mc ls -r --json ALIAS/BUCKET/"}},
		{name: "members of the same names in another's rows", file: "export.jsonl", content: `{"key":"reels/a.mov","status":"done","type":"clip","url":"https://cdn.example.com/x/"}` + "\n", jobs: bothReels[:1]},
	})
}

// A header is found whatever stands around its names, or refused with the --columns that reads it.
func TestHeaders(t *testing.T) {
	t.Parallel()
	const rows = "reels/a.mov\r\nreels/b.mov\r\n"
	other := []string{"other/reels/a.mov", "other/reels/b.mov"}
	runCases(t, []inputCase{
		{name: "a no-break space", file: "export.csv", content: "bucket\u00a0,key\r\nother,reels/a.mov\r\nother,reels/b.mov\r\n", jobs: other},
		{name: "a zero-width space and curly quotes", file: "export.csv", content: "\u201cBucket\u201d,\u200b'Object\u2011Key'\nother,reels/a.mov\nother,reels/b.mov\n", jobs: other},
		{name: "a BOM in quotes", file: "export.jsonl", content: "{\"\ufeffbucket\":\"other\",\"S3\u00a0Key\":\"reels/a.mov\"}\n{\"\ufeffbucket\":\"other\",\"S3\u00a0Key\":\"reels/b.mov\"}\n", jobs: other},
		{name: "two names of which one is known", file: "export.csv", content: "Clip,Path\r\nA1,reels/a.mov\r\nA2,reels/b.mov\r\n", code: exit.Unexpected, says: []string{"looks like a header", "--columns 'key=Path'"}},
		{name: "two names of which one is known, as told", file: "export.csv", content: "Clip,Path\r\nA1,reels/a.mov\r\nA2,reels/b.mov\r\n", args: []string{"--columns", "key=Path"}, jobs: bothReels},
		{name: "semicolons", file: "export.csv", content: "Asset;Volume;File Path\nA1;x;reels/a.mov\n", code: exit.Unexpected, says: []string{"--columns 'key=File Path'"}},
		{name: "no known name", file: "export.csv", content: "Medium,Wo\nA1,reels/a.mov\nA2,reels/b.mov\n", code: exit.Unexpected, says: []string{"--columns 'key=Wo'"}},
		{name: "one column", file: "export.csv", content: "File Name\r\n" + rows, code: exit.Unexpected, says: []string{"looks like a header", "--columns 'key=File Name'"}},
		{name: "one column, as told", file: "export.csv", content: "File Name\r\n" + rows, args: []string{"--columns", "key=file_name"}, jobs: bothReels},
		{name: "one column of no known name", file: "export.csv", content: "Medium\n" + rows, code: exit.Unexpected, says: []string{"--columns 'key=Medium'"}},
		{name: "text with a header", file: "export.txt", content: "File Name\r\n" + rows, code: exit.Unexpected, says: []string{"--columns 'key=File Name'"}},
		{name: "text with a header, as told", file: "export.txt", content: "File Name\r\n" + rows, args: []string{"--columns", "key=File Name"}, jobs: bothReels},
		{name: "text with the header key", file: "export.txt", content: "\ufeffObject Key\r\nreels/a,1.mov\r\nobject key\r\nreels/b.mov\r\n", jobs: []string{"archive/reels/a,1.mov", "archive/reels/b.mov"}, skipped: 1, says: []string{"1 skipped: repeated header"}},
		{name: "a key without slash and extension first", file: "export.csv", content: "archive,README\narchive,reels/a.mov\n", jobs: []string{"archive/README", "archive/reels/a.mov"}},
		{name: "a list of keys without slash and extension", file: "export.txt", content: "8eaba2d6\nREADME\n", jobs: []string{"archive/8eaba2d6", "archive/README"}},
		{name: "a bucket named as a column is", file: "export.csv", content: "size,reels/a.mov\n", code: exit.Unexpected, says: []string{"--columns bucket=1,key=2"}},
		{name: "a bucket named as a column is, as told", file: "export.csv", content: "size,reels/a.mov\n", args: []string{"--columns", "bucket=1,key=2"}, jobs: []string{"size/reels/a.mov"}},
	})
}

// What stands around the rows of a table is read as meant, and counted.
func TestTablesAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	runCases(t, []inputCase{
		{name: "rows of empty cells and a line of totals", file: "export.csv", content: "bucket;key;size\n;;\narchive;reels/a.mov;1\n;;;\narchive;reels/b.mov;2\n\"\";;\nTotal;2;\n", jobs: bothReels, skipped: 4,
			says: []string{"3 skipped: empty row", "1 skipped: line of totals", "line 7: a line of totals"}},
		{name: "totals of a table without buckets", file: "export.csv", content: "key,size\nreels/a.mov,1\nreels/b.mov,2\nGrand total:,\"1,000.5\"\n", jobs: bothReels, skipped: 1},
		{name: "totals that are objects", file: "export.csv", content: "bucket,key\ntotal,2\narchive,reels/a.mov\ntotal,3\n", jobs: []string{"archive/reels/a.mov", "total/2", "total/3"}},
		{name: "a total in the middle", file: "export.csv", content: "key,size\nTotal,1\nreels/a.mov,2\n", jobs: []string{"archive/Total", "archive/reels/a.mov"}},
		{name: "blanks at a key's end", file: "export.txt", content: "reels/a.mov  \nreels/b.mov\n", jobs: []string{"archive/reels/a.mov  ", "archive/reels/b.mov"}, says: []string{"line 1: a key ends in a blank, which is kept"}},
		{name: "sep=", file: "export.csv", content: "sep=;\r\nbucket;key\r\narchive;reels/a.mov\r\narchive;reels/b.mov\r\n", jobs: bothReels},
		{name: "sep= of a bar, in text, joined", file: "export.txt", content: "\ufeff\"SEP=|\"\nkey|x\nreels/a.mov|1\nsep=|\nkey|x\nreels/b.mov|2\n", jobs: bothReels, skipped: 2},
		{name: "sep= without a header", file: "export.csv", content: "sep=\t\narchive\treels/a.mov\narchive\treels/b.mov\n", jobs: bothReels},
		{name: "titles above the header", file: "export.csv", content: "Media export,,\nof March 1, 2024\n\nkey,size,etag\nreels/a.mov,1,x\nreels/b.mov,2,y\n", jobs: bothReels, skipped: 2, says: []string{"2 skipped: title or comment line"}},
		{name: "comments above the header", file: "export.csv", content: "# made by hand, see s3://archive/\n#\nbucket,key\narchive,reels/a.mov\narchive,reels/b.mov\n", jobs: bothReels, skipped: 2},
		{name: "comments without a header", file: "export.csv", content: "# made by hand\narchive,reels/a.mov\n# and\narchive,reels/b.mov\n", jobs: bothReels, skipped: 2},
		{name: "rows above the header", file: "export.csv", content: "reels/a.mov\nbucket,key\narchive,reels/b.mov\n", code: exit.Incomplete, jobs: bothReels[:1], rejected: 2},
		{name: "the header again", file: "joined.csv", content: "\ufeffbucket,key\r\narchive,reels/a.mov\r\n\ufeffbucket,key\r\narchive,reels/b.mov\r\n", jobs: bothReels, skipped: 1, says: []string{"1 skipped: repeated header"}},
		{name: "the header again, of further columns", file: "joined.csv", content: "ID,Key,Note\n1,reels/a.mov,x\nid,KEY,\"Note\"\n2,reels/b.mov,y\n", jobs: bothReels, skipped: 1},
		{name: "a header among rows without one", file: "joined.csv", content: "archive,reels/a.mov\nbucket,key\narchive,reels/b.mov\n", jobs: bothReels, skipped: 1},
		{name: "another header", file: "joined.csv", content: "bucket,key\narchive,reels/a.mov\nkey,bucket\nreels/b.mov,archive\n", code: exit.Incomplete, jobs: bothReels[:1], says: []string{"line 3", "another header", "make two files"}},
		{name: "ragged rows", file: "export.csv", content: "bucket,key,notes\r\narchive,reels/a.mov,x\r\narchive,reels/b.mov\r\n", jobs: bothReels},
		{name: "ragged rows, quoted, several", file: "export.csv", content: "key;a;b;c\n\"reels/a.mov\";\"x\"\nreels/b.mov\n", jobs: bothReels},
		{name: "a row that may be cut", file: "export.csv", content: "bucket,key,notes\narchive,reels/a.mov,x\narchive,reels/b.m", code: exit.Incomplete, jobs: bothReels[:1], rejected: 1, says: []string{"is the line cut?"}},
		{name: "a row that lacks its key", file: "export.csv", content: "notes,bucket,key\nx,archive,reels/a.mov\ny,archive\n", code: exit.Incomplete, jobs: bothReels[:1], rejected: 1, says: []string{"is the line cut?"}},
		{name: "a comma at the end", file: "export.csv", content: "bucket,key\r\narchive,reels/a.mov,\r\narchive,reels/b.mov,\r\n", jobs: bothReels},
		{name: "commas at the end, without a header", file: "export.csv", content: "archive,reels/a.mov\narchive,\"reels/b.mov\",,\n", jobs: bothReels},
		{name: "a comma at the end, more columns", file: "export.csv", content: "key,title\nreels/a.mov,x,\nreels/b.mov,,\n", jobs: bothReels},
		{name: "a comma in the key that moves empty cells", file: "export.csv", content: "key,title,notes\nreels/a.mov,x,\nreels/b, 2.mov,,\n", code: exit.Incomplete, jobs: bothReels[:1], rejected: 1, says: []string{"needs quotes"}},
		{name: "a comma in the only key that moves empty cells", file: "export.csv", content: "key,title,notes\nreels/b, 2.mov,,\n", code: exit.Incomplete, says: []string{"needs quotes"}},
		{name: "a comma in the key", file: "export.csv", content: "bucket,key\narchive,reels/a.mov\narchive,reels/b,.mov\n", code: exit.Incomplete, jobs: bothReels[:1], rejected: 1, says: []string{"needs quotes"}},
		{name: "CSV in text", file: "export.txt", content: "key,size,etag\nreels/a.mov,123,x1\nreels/b.mov,456,x2\n", jobs: bothReels},
		{name: "tabs in text", file: "export.txt.gz", content: gzipped(t, "Bucket\tKey\narchive\treels/a.mov\narchive\treels/b.mov\n"), jobs: bothReels},
		{name: "CSV in text without a header", file: "export.txt", content: "archive,reels/a.mov\narchive,reels/b.mov\n", code: exit.Unexpected, says: []string{"--columns bucket=1,key=2"}},
		{name: "CSV in text without a known key column", file: "export.txt", content: "Clip\tPath\nA1\treels/a.mov\n", code: exit.Unexpected, says: []string{"--columns 'key=Path'"}},
		{name: "commas in keys", file: "keys.txt", content: "Smith, John/a.mov\nDoe, Jane/b.mov\n", jobs: []string{"archive/Smith, John/a.mov", "archive/Doe, Jane/b.mov"}},
	})
}

// Lines end and files end as systems have it; none of it becomes part of a key.
func TestLineEndsAndMarks(t *testing.T) {
	t.Parallel()
	runCases(t, []inputCase{
		{name: "a BOM inside", file: "joined.txt", content: "\ufeffreels/a.mov\r\n\ufeffreels/b.mov\r\n", jobs: bothReels, says: []string{"byte-order mark", "line 2"}},
		{name: "a BOM inside a CSV", file: "joined.csv", content: "\ufeffarchive,reels/a.mov\n\ufeffarchive,reels/b.mov\n", jobs: bothReels, says: []string{"byte-order mark"}},
		{name: "a BOM inside JSON Lines", file: "joined.jsonl", content: "\ufeff{\"key\":\"reels/a.mov\"}\n\ufeff{\"key\":\"reels/b.mov\"}\n", jobs: bothReels},
		{name: "a BOM in quotes", file: "export.csv", content: "key\n\"\ufeffreels/a.mov\"\n", jobs: []string{"archive/\ufeffreels/a.mov"}},
		{name: "CR CR LF", file: "keys.txt", content: "reels/a.mov\r\r\nreels/b.mov\r\r\n", jobs: bothReels, says: []string{"CR CR LF"}},
		{name: "CR CR LF in a CSV", file: "keys.csv", content: "bucket,key\r\r\narchive,reels/a.mov\r\r\narchive,\"reels/b.mov\"\r\r\n", jobs: bothReels},
		{name: "a lone CR", file: "keys.txt", content: "reels/a.mov\nreels/b.mov\rreels/c.mov\n", code: exit.Incomplete, jobs: bothReels[:1], rejected: 1, says: []string{"carriage return"}},
		{name: "CRs alone", file: "keys.txt", content: "reels/a.mov\rreels/b.mov\r", code: exit.Unexpected, says: []string{"carriage returns", "LF or CRLF"}},
		{name: "0x1A", file: "keys.txt", content: "reels/a.mov\r\nreels/b.mov\r\n\x1a", jobs: bothReels},
		{name: "0x1A in a CSV", file: "keys.csv", content: "bucket,key\r\narchive,reels/a.mov\r\narchive,reels/b.mov\x1a\x1a", jobs: bothReels},
		{name: "0x1A in JSON Lines", file: "keys.jsonl", content: "{\"key\":\"reels/a.mov\"}\r\n{\"key\":\"reels/b.mov\"}\r\n\x1a\r\n", jobs: bothReels},
		{name: "0x1A of a joined file", file: "keys.txt", content: "reels/a.mov\r\n\x1areels/b.mov\r\n", code: exit.Incomplete, jobs: bothReels[:1], rejected: 1, says: []string{"0x1A"}},
		{name: "comments", file: "keys.txt", content: "# reels of 1998\nreels/a.mov\n; second shelf\nreels/b.mov\n", jobs: bothReels, skipped: 2, says: []string{"2 skipped: title or comment line"}},
		{name: "comments that may be keys", file: "keys.txt", content: "#recycle/a.mov\nreels/b.mov\n", code: exit.Incomplete, jobs: bothReels[1:], rejected: 1, says: []string{"may be a comment or a key", "--columns key=1"}},
		{name: "no comments", file: "keys.txt", content: "#recycle/a.mov\n# b\n", args: []string{"--columns", "key=1"}, jobs: []string{"archive/#recycle/a.mov", "archive/# b"}},
	})
}

// Archives are read as gzip and zstd read them.
func TestArchives(t *testing.T) {
	t.Parallel()
	const head, tail = "bucket,key\narchive,reels/a.mov\n", "archive,reels/b.mov\n"
	zeros := strings.Repeat("\x00", 700)
	skip := "\x5a\x2a\x4d\x18\x04\x00\x00\x00abcd"
	runCases(t, []inputCase{
		{name: "zeros behind gzip", file: "export.csv.gz", content: gzipped(t, head+tail) + zeros, jobs: bothReels},
		{name: "zeros between members", file: "export.csv.gz", content: gzipped(t, head) + zeros + gzipped(t, tail) + "\x00", jobs: bothReels},
		{name: "something else behind gzip", file: "export.csv.gz", content: gzipped(t, head+tail) + zeros + "x", code: exit.Incomplete, jobs: bothReels, says: []string{"gzip data"}},
		{name: "frames", file: "export.csv.zst", content: zstandard(t, head) + zstandard(t, tail), jobs: bothReels},
		{name: "skippable frames", file: "export.csv.zst", content: skip + zstandard(t, head) + skip + skip + zstandard(t, tail) + skip, jobs: bothReels},
		{name: "skippable frames by content", file: "export.csv", content: skip + zstandard(t, head+tail), jobs: bothReels},
	})
}

// Keys that are URIs name bucket and key; what names no object of S3 is rejected.
func TestURIs(t *testing.T) {
	t.Parallel()
	odd := "https://archive.s3.us-west-2.amazonaws.com/reels/%C3%A9%20%2B+%2Fa.mov"
	runCases(t, []inputCase{
		{name: "of three kinds", file: "export.csv", content: "key\nhttps://s3.us-east-1.wasabisys.com/archive/reels/a.mov\ns3a://archive/reels/b.mov\narn:aws:s3:::archive/reels/c.mov\n", jobs: append([]string{"archive/reels/c.mov"}, bothReels...)},
		{name: "in text", file: "export.txt", content: "S3N://other/a%20b.mov\n" + odd + "\nhttps://my.bucket.s3.amazonaws.com/x\narn:aws-cn:s3:::other/c:d.mov\n",
			jobs: []string{"other/a%20b.mov", "archive/reels/é ++/a.mov", "my.bucket/x", "other/c:d.mov"}},
		{name: "in JSON Lines", file: "export.jsonl", content: `{"key":"http://s3.example.com:9000/archive/reels/a.mov"}` + "\n" + `{"Source":{"Bucket":"archive","ObjectKey":"https://archive.s3.example.com:9000/reels/b.mov"}}` + "\n",
			args: []string{"--source-endpoint", "http://s3.example.com:9000/"}, jobs: bothReels},
		{name: "others", file: "export.csv", code: exit.Incomplete, rejected: 6, jobs: bothReels[:1], says: []string{"ftp:// address", "not known as S3's", "--source-endpoint", "with a query", "the bucket column", "another than", "percent-encoded"}[:5],
			content: "bucket,key\narchive,reels/a.mov\n,ftp://host/a.mov\n,https://www.example.com/archive/b.mov\n,https://s3.wasabisys.com/archive/c.mov?X-Amz-Signature=abc\nother,s3://archive/d.mov\n,https://s3.wasabisys.com/archive/e%.mov\n,arn:aws:ec2:eu:1:x/y\n"},
		{name: "a key like a URI", file: "export.csv", content: "key\ns3://archive/https://www.example.com/a.mov\n", jobs: []string{"archive/https://www.example.com/a.mov"}},
		{name: "a key with a colon", file: "export.txt", content: "reel: a.mov\narn:x.mov\nC:/b.mov\n", jobs: []string{"archive/reel: a.mov", "archive/arn:x.mov", "archive/C:/b.mov"}},
	})
}

// Rows are checked by the rules of the API's page, and what it takes in two forms is sent in one.
func TestRowsByThePage(t *testing.T) {
	t.Parallel()
	runCases(t, []inputCase{
		{name: "names with line ends", file: "m.jsonl", content: `{"key":"reels/a.mov","name":"a\nb"}` + "\n" + `{"key":"reels/b.mov","name":"b"}` + "\n" + `{"key":"c","name":"x\u0007"}` + "\n" + `{"key":"d","name":"x\u2028y"}` + "\n",
			code: exit.Incomplete, rejected: 3, jobs: bothReels[1:], says: []string{"line end or another control character"}},
		{name: "names with line ends in a CSV", file: "m.csv", content: "key,name\nreels/a.mov,\"a\nb\"\nreels/b.mov,b c\n", code: exit.Incomplete, rejected: 1, jobs: bothReels[1:]},
		{name: "another batch", file: "m.jsonl", content: `{"Batch":"other","Name":"n","Services":{"ocr":""},"Source":{"Bucket":"archive","ObjectKey":"reels/a.mov"},"Destination":{"Bucket":"o","Region":"r"}}` + "\n" + `{"Batch":"b","key":"reels/b.mov"}` + "\n",
			code: exit.Incomplete, rejected: 1, jobs: bothReels[1:], says: []string{`belongs to the batch "other"`, `this run's is "b"`}},
		{name: "another batch in a CSV", file: "m.csv", content: "Batch,key\nb,reels/a.mov\n,reels/b.mov\nB,c.mov\n", code: exit.Incomplete, rejected: 1, jobs: bothReels},
	})
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "key,endpoint,services\na.mov,https://s3.eu-1.example.com/,\"{\"\"ocr\"\":{},\"\"s2t\"\":\"\"\"\"}\"\nb.mov,HTTP://s3.eu-1.example.com:8080,\nc.mov,,\n")
	r.run("run", m, "--source-bucket", "archive", "--source-endpoint", "https://s3.us-1.example.com", "--services", `{"logo":{}}`).want(t, exit.OK)
	jobs := r.jobs()
	for key, want := range map[string]string{"a.mov": "s3.eu-1.example.com", "b.mov": "s3.eu-1.example.com:8080", "c.mov": "s3.us-1.example.com"} {
		if got := jobs[key].Source.Endpoint; got != want {
			t.Errorf("%s: endpoint %q, want %q", key, got, want)
		}
	}
	if got, want := string(jobs["a.mov"].Services)+string(jobs["c.mov"].Services), `{"ocr":"","s2t":""}{"logo":""}`; got != want {
		t.Errorf("services: got %s, want %s", got, want)
	}
}

// Standard input and a manifest in a bucket are read as files are.
func TestStandardInputAndBucketAsFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.runIn("2024-03-01 10:00:00    1048576 reels/a.mov\n", "run", "-", "--format", "text", "--source-bucket", "archive", "--batch", "b").want(t, exit.Unexpected).says(t, "aws s3api list-objects-v2")
	r.runIn("sep=;\nkey;x\nreels/a.mov;1\n", "run", "-", "--source-bucket", "archive", "--batch", "b").want(t, exit.OK)
	r.runIn("Title of it\nbucket,key\narchive,reels/b.mov,\n\x1a", "run", "-", "--format", "csv", "--batch", "b").want(t, exit.OK)
	s3 := r.withS3()
	s3.Put("lists", "m.txt.gz", []byte(gzipped(t, "# list\nreels/c.mov\r\r\n")+"\x00\x00"))
	s3.Put("lists", "m.csv", []byte("Clip,Path\nA1,reels/d.mov\n"))
	r.run("run", "s3://lists/m.csv", "--source-bucket", "archive", "--batch", "b").want(t, exit.Unexpected).says(t, "--columns 'key=Path'")
	r.run("run", "s3://lists/m.csv", "--source-bucket", "archive", "--batch", "b", "--columns", "key=Path").want(t, exit.OK)
	r.submittedKeys("reels/a.mov", "reels/b.mov", "reels/d.mov")
	r.settled(3)
}
