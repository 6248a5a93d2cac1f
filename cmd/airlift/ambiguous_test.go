package main

import (
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Lines that can be rows of a table as well as keys are refused with the command line that reads them either way; a
// list in which only some lines look so stays a list.
func TestTablesAmongKeys(t *testing.T) {
	t.Parallel()
	b1, b2 := "b-one/a.mov", "b-two/b.mov"
	const whole, semicolons = "--columns key=1", "--format csv --delimiter ';' --columns bucket=1,key=2"
	runCases(t, []inputCase{
		{name: "a header of unknown words", file: "m.txt", content: "Datei;Eimer\na.mov;b-one\nb.mov;b-two\n", code: exit.Unexpected, says: []string{"--columns 'key=Datei,bucket=Eimer'", whole}},
		{name: "a header of unknown words, as told", file: "m.txt", content: "Datei;Eimer\na.mov;b-one\nb.mov;b-two\n", args: []string{"--format", "csv", "--columns", "key=Datei,bucket=Eimer"}, jobs: []string{b1, b2}},
		{name: "a header and keys without slash or extension", file: "m.txt", content: "Datei;Eimer\n0815;b-one\n4711;b-two\n", code: exit.Unexpected, says: []string{whole}},
		{name: "a header by commas", file: "m.txt", content: "Eimer,Datei\nb-one,a.mov\nb-two,b.mov\n", code: exit.Unexpected, says: []string{"--columns 'key=Datei,bucket=Eimer'", whole}},
		{name: "semicolons", file: "m.txt", content: "b-one;a.mov\nb-two;b.mov\n", code: exit.Unexpected, says: []string{semicolons, whole}},
		{name: "semicolons, as a table", file: "m.txt", content: "b-one;a.mov\nb-two;b.mov\n", args: []string{"--format", "csv", "--delimiter", ";", "--columns", "bucket=1,key=2"}, jobs: []string{b1, b2}},
		{name: "semicolons, as keys", file: "m.txt", content: "b-one;a.mov\nb-two;b.mov\n", args: []string{"--columns", "key=1"}, jobs: []string{"archive/b-one;a.mov", "archive/b-two;b.mov"}},
		{name: "one line", file: "m.txt", content: "b-one;a.mov\n", code: exit.Unexpected, says: []string{semicolons, whole}},
		{name: "one line by a comma", file: "m.txt", content: "b-one,a.mov", code: exit.Unexpected, says: []string{"--columns bucket=1,key=2", whole}},
		{name: "the key first, compressed", file: "m.txt.gz", content: gzipped(t, "a.mov|b-one\nb.mov|b-two\n"), code: exit.Unexpected, says: []string{"--delimiter '|' --columns key=1,bucket=2", whole}},
		{name: "tabs", file: "m.txt", content: "b-one\ta.mov\nb-two\tb.mov\textra\n", code: exit.Unexpected, says: []string{"--delimiter 'tab' --columns bucket=1,key=2", whole}},
		{name: "some lines", file: "m.txt", content: "a;b.mov\nc.mov\nd|e.mov\nSmith,John.mov\n", jobs: []string{"archive/a;b.mov", "archive/c.mov", "archive/d|e.mov", "archive/Smith,John.mov"}},
		{name: "commas in names", file: "m.txt", content: "Smith, John.mov\nDoe, Jane.mov\n", jobs: []string{"archive/Smith, John.mov", "archive/Doe, Jane.mov"}},
		{name: "commas in a folder", file: "m.txt", content: "Reel 1,2/a.mov\nReel 2,3/b.mov\n", jobs: []string{"archive/Reel 1,2/a.mov", "archive/Reel 2,3/b.mov"}},

		{name: "a comma at the end of each line", file: "m.txt", content: "reels/a.mov,\nreels/b.mov,\n", code: exit.Unexpected, says: []string{"--columns key=1"}},
		{name: "semicolons in a CSV without a header", file: "m.csv", content: "b-one;a.mov\nb-two;b.mov\n", code: exit.Unexpected, says: []string{"--delimiter ';' --columns bucket=1,key=2", whole}},
		{name: "semicolons in a CSV, as told", file: "m.csv", content: "b-one;a.mov\nb-two;b.mov\n", args: []string{"--delimiter", ";"}, jobs: []string{b1, b2}},
		{name: "semicolons in a CSV, as keys", file: "m.csv", content: "b-one;a.mov\nb-two;b.mov\n", args: []string{"--columns", "key=1"}, jobs: []string{"archive/b-one;a.mov", "archive/b-two;b.mov"}},
		{name: "semicolons and commas in a CSV", file: "m.csv", content: "b-one;Smith, John/a.mov\nb-two;Doe, Jane/b.mov\n", code: exit.Unexpected, says: []string{"--delimiter ';' --columns bucket=1,key=2"}},
		{name: "a header of unknown words in a CSV", file: "m.csv", content: "Datei;Eimer\na.mov;b-one\nb.mov;b-two\n", code: exit.Unexpected, says: []string{"--columns 'key=Datei,bucket=Eimer'"}},
		{name: "some semicolons in a CSV", file: "m.csv", content: "a;b.mov\nc.mov\n", jobs: []string{"archive/a;b.mov", "archive/c.mov"}},
		{name: "semicolons in the keys of a CSV", file: "m.csv", content: "b-one,a;1.mov\nb-two,b;2.mov\n", jobs: []string{"b-one/a;1.mov", "b-two/b;2.mov"}},
		{name: "semicolons below a header", file: "m.csv", content: "key\na;1.mov\nb;2.mov\n", jobs: []string{"archive/a;1.mov", "archive/b;2.mov"}},
	})
}

// Quotes around whole lines may or may not belong to the keys.
func TestQuotedLines(t *testing.T) {
	t.Parallel()
	const double = "\"reels/a.mov\"\n\"reels/b.mov\"\n"
	runCases(t, []inputCase{
		{name: "double", file: "m.txt", content: double, code: exit.Unexpected, says: []string{"--format csv", "--columns key=1"}},
		{name: "double, as told", file: "m.txt", content: double, args: []string{"--format", "csv"}, jobs: bothReels},
		{name: "double, as keys", file: "m.txt", content: double, args: []string{"--columns", "key=1"}, jobs: []string{`archive/"reels/a.mov"`, `archive/"reels/b.mov"`}},
		{name: "double, with a header", file: "m.txt", content: "\"Key\"\n" + double, jobs: bothReels},
		{name: "single", file: "m.txt", content: "'reels/a.mov'\r\n'reels/b.mov'\r\n", code: exit.Unexpected, says: []string{"sed", "--columns key=1"}},
		{name: "curly, one line", file: "m.txt", content: "\u201creels/a.mov\u201d", code: exit.Unexpected, says: []string{"quotes"}},
		{name: "some lines", file: "m.txt", content: "reels/a.mov\n'reels/c.mov'\n\"reels/\\303\\251.mov\"\n'n' roll.mov\n", code: exit.Incomplete, rejected: 2, jobs: []string{"archive/reels/a.mov", "archive/'n' roll.mov"}, says: []string{"line 2", "stands in quotes", "--columns key=1"}},
		{name: "quotes inside", file: "m.txt", content: "\"12\" reel.mov\nreel 'x'\n\u00abfin\u00bb.mov\n", jobs: []string{`archive/"12" reel.mov`, "archive/reel 'x'", "archive/\u00abfin\u00bb.mov"}},
		{name: "single in a CSV without a header", file: "m.csv", content: "'archive','reels/a.mov'\n", code: exit.Unexpected, says: []string{`quotes other than "`}},
		{name: "single in a CSV, as told", file: "m.csv", content: "'reels/a.mov'\n", args: []string{"--columns", "key=1"}, jobs: []string{"archive/'reels/a.mov'"}},
		{name: "single in a CSV with a header", file: "m.csv", content: "'key','x'\n'reels/a.mov','1'\nreels/b.mov,2\n", code: exit.Incomplete, rejected: 1, jobs: bothReels[1:], says: []string{"line 2", "the key is in quotes other than"}},
	})
}

// A line that begins with # or ; is left out only where it is surely no key, and then it is counted and said.
func TestCommentsThatAreKeys(t *testing.T) {
	t.Parallel()
	runCases(t, []inputCase{
		{name: "with a slash", file: "m.txt", content: "# 1998/a\nreels/b.mov\n", code: exit.Incomplete, rejected: 1, jobs: bothReels[1:], says: []string{"may be a comment or a key", "--columns key=1"}},
		{name: "with a slash, as told", file: "m.txt", content: "# 1998/a\nreels/b.mov\n", args: []string{"--columns", "key=1"}, jobs: []string{"archive/# 1998/a", "archive/reels/b.mov"}},
		{name: "among like rows", file: "m.txt", content: "# one\n# two\nthree\n", code: exit.Incomplete, rejected: 2, jobs: []string{"archive/three"}, says: []string{"may be a comment or a key"}},
		{name: "nothing else", file: "m.txt", content: "# one\n# two\n", code: exit.Incomplete, rejected: 2, says: []string{"may be a comment or a key"}},
		{name: "plausible, and said", file: "m.txt", content: "# reels of 1998\nreels/a.mov\n;; the end of it\nreels/b.mov\n# end of list\n", jobs: bothReels, skipped: 3, says: []string{"line 3: comments are left out", "--columns key=1", "3 skipped: title or comment line"}},
		{name: "a long preamble", file: "m.txt", content: "# a b\n# c d\n# e f\n# g h\n# i j\n# k l\n# m n\n# o p\n# q r\n# s t\n# u v\n# w x\nreels/a.mov\n", jobs: bothReels[:1], skipped: 12},
		{name: "below a header", file: "m.txt", content: "key\nreels/a.mov\n# the last one\nreels/b.mov\n", jobs: bothReels, skipped: 1},
		{name: "a CSV of one column", file: "m.csv", content: "key\nreels/a.mov\n# a remark\nreels/b.mov\n", jobs: bothReels, skipped: 1, says: []string{"line 3: comments are left out", "in quotes"}},
		{name: "a CSV of one column whose keys begin so", file: "m.csv", content: "key\n# 1/a.mov\n# two\n\"# three\"\n#4.mov\n", code: exit.Incomplete, rejected: 1, jobs: []string{"archive/# 1/a.mov", "archive/# three", "archive/#4.mov"}, says: []string{"line 3", "put it in quotes"}},
		{name: "a CSV of one column whose keys begin so, as told", file: "m.csv", content: "Datei\n# 1/a.mov\n# two\n", args: []string{"--columns", "key=Datei"}, jobs: []string{"archive/# 1/a.mov", "archive/# two"}},
		{name: "a CSV of one column, like rows", file: "m.csv", content: "key\nREADME\n# b\n", code: exit.Incomplete, rejected: 1, jobs: []string{"archive/README"}},
		{name: "a list whose keys begin so", file: "m.txt", content: "reels/a.mov\n# 1/b.mov\n# two\n", code: exit.Incomplete, rejected: 2, jobs: bothReels[:1], says: []string{"line 2", "line 3", "may be a comment or a key"}},
		{name: "a CSV of one column without a header", file: "m.csv", content: "# one\n# two\n", code: exit.Unexpected, says: []string{"may be a comment or a key", "--columns key=1"}},
		{name: "a CSV whose rows lack cells", file: "m.csv", content: "key,notes\nreels/a.mov,x\n# a remark\nreels/b.mov\n", jobs: bothReels, skipped: 1},
		{name: "a CSV whose rows lack cells and begin so", file: "m.csv", content: "key,notes\nreels/a.mov,x\n# 1/b.mov\n#2.mov\n", jobs: []string{"archive/reels/a.mov", "archive/# 1/b.mov", "archive/#2.mov"}},
		{name: "a CSV whose rows begin so", file: "m.csv", content: "key,notes\n# 1.mov,x\n# two,y\n", jobs: []string{"archive/# 1.mov", "archive/# two"}},
		{name: "a row that was taken out", file: "m.csv", content: "bucket,key\narchive,reels/a.mov\n#archive,reels/c.mov\narchive,reels/b.mov\n", jobs: bothReels, skipped: 1, says: []string{"are left out"}},
		{name: "above a header", file: "m.csv", content: "# of s3://archive/a.mov, by hand\n#x.mov\nbucket,key\narchive,reels/a.mov\narchive,reels/b.mov\n", jobs: bothReels, skipped: 2},
	})
}

// What can be no bucket is refused wherever one is named.
func TestBucketsThatAreNone(t *testing.T) {
	t.Parallel()
	runCases(t, []inputCase{
		{name: "in URIs", file: "m.csv", content: "key\ns3://arch?ive/reels/c.mov\ns3://archive?versionId=1/d.mov\nhttps://s3.wasabisys.com/arch%3Five/e.mov\ns3://archive/reels/a.mov\n", code: exit.Incomplete, rejected: 3, jobs: bothReels[:1], says: []string{`"arch?ive" is not a bucket name`}},
		{name: "in text", file: "m.txt", content: "s3://arch ive/reels/c.mov\narn:aws:s3:::arch*/d.mov\ns3://archive/reels/a.mov\n", code: exit.Incomplete, rejected: 2, jobs: bothReels[:1]},
		{name: "in a column", file: "m.csv", content: "bucket,key\n\"arch;ive\",c.mov\narn:aws:s3:::archive,d.mov\nÄrchiv,e.mov\narchive,reels/a.mov\n", code: exit.Incomplete, rejected: 3, jobs: bothReels[:1]},
		{name: "in JSON Lines", file: "m.jsonl", content: `{"Source":{"Bucket":"a:b","ObjectKey":"c.mov"}}` + "\n" + `{"key":"d.mov","destination_bucket":"res?"}` + "\n" + `{"key":"reels/a.mov"}` + "\n", code: exit.Incomplete, rejected: 2, jobs: bothReels[:1]},
	})
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", goodCSV)
	r.run("run", "s3://arch?ive/x", "--source-region", "us-east-1").want(t, exit.Usage).says(t, `"arch?ive" is not a bucket name`)
	r.run("run", m, "--source-bucket", "s3://archive").want(t, exit.Usage).says(t, "--source-bucket", "not a bucket name")
	r.run("enqueue", m, "--destination-bucket", "re sults").want(t, exit.Usage).says(t, "--destination-bucket", "not a bucket name")
	r.unsent()
	r.noQueue()
}
