package manifest

import (
	"fmt"
	"regexp"
	"strings"
)

// listings are what tools print that list a bucket for people. Their keys may be
// relative to a folder which only the command line named, so they are refused;
// remedy is the command whose output is a manifest.
var listings = []struct {
	tool, remedy string
	form         *regexp.Regexp
	all          bool // one line alone proves nothing
}{
	{"aws s3 ls", awsRemedy, regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+ .`), false},
	{"aws s3 ls", awsRemedy, regexp.MustCompile(`^ {20,}PRE .`), false},
	{"s5cmd ls", "list whole addresses: s5cmd ls --show-fullpath 's3://BUCKET/*'", regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d +(?:[A-Z_]+ +)?\d[0-9.]*[A-Z]? +.`), false},
	{"s5cmd ls", "list whole addresses: s5cmd ls --show-fullpath 's3://BUCKET/*'", regexp.MustCompile(`^ {20,}DIR +.`), false},
	{"s3cmd ls", awsRemedy, regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d +\d+ .* +s3://.`), false},
	{"s3cmd ls", awsRemedy, regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d +\d+ +s3://.`), false},
	{"mc ls", "list it as JSON: mc ls -r --json ALIAS/BUCKET/ > list.jsonl", regexp.MustCompile(`^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Za-z0-9+-]+\] +[0-9.]+ ?[KMGTP]?i?B .`), false},
	{"rclone lsl", rcloneRemedy, regexp.MustCompile(`^ *\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ .`), false},
	{"rclone ls", rcloneRemedy, regexp.MustCompile(`^(?: {1,8}\d{1,8}|\d{9,}) [^ ]`), true},
}

const (
	awsRemedy    = `list the keys alone: aws s3api list-objects-v2 --bucket BUCKET --query "Contents[].[Key]" --output text > keys.txt`
	rcloneRemedy = "list the keys alone, from the bucket's root: rclone lsf -R --files-only REMOTE:BUCKET > keys.txt"
)

// listingTool recognizes the output of such a tool by the first lines. It returns
// the tool, "" for none.
func listingTool(lines []string) (tool, remedy string) {
	for _, l := range listings {
		matches := 0
		for _, line := range lines {
			if l.form.MatchString(line) {
				matches++
			}
		}
		if matches > 0 && (!l.all || matches == len(lines) && matches > 1) && l.form.MatchString(lines[0]) {
			return l.tool, l.remedy
		}
	}
	return "", ""
}

// bareTable recognizes a table without a header among lines that are to be keys:
// all lines have as many cells, and one of the cells is never a key's part. It
// returns what parts the columns, 0 for no table.
func bareTable(lines []string, bucket string) byte {
	for _, d := range []byte{'\t', ';', ',', '|'} {
		cells := strings.Count(lines[0], string(rune(d)))
		if cells == 0 || d != '\t' && len(lines) < 2 && !strings.HasPrefix(lines[0], bucket+string(rune(d))) {
			continue
		}
		rows := make([][]string, 0, len(lines))
		for _, line := range lines {
			if strings.Count(line, string(rune(d))) != cells {
				break
			}
			rows = append(rows, strings.Split(line, string(rune(d))))
		}
		if len(rows) == len(lines) && (d == '\t' || tabular(rows)) {
			return d
		}
	}
	return 0
}

// described matches what tables tell of an object: sizes, dates, checksums.
var described = regexp.MustCompile(`^"?(?:\d+|\d{4}[-/]\d\d[-/]\d\d(?:[T ][0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)?|[0-9a-f]{32}(?:-\d+)?|STANDARD|GLACIER)"?$`)

// tabular tells rows of which one column describes the object, or names the same
// bucket in all of them, while another could hold keys.
func tabular(rows [][]string) bool {
	keys, others := false, false
	for i := range rows[0] {
		key, describes, same := true, true, true
		for _, row := range rows {
			key = key && couldBeKey(row[i])
			describes = describes && described.MatchString(row[i])
			same = same && row[i] == rows[0][i] && !couldBeKey(row[i]) && !strings.ContainsAny(row[i], " ")
		}
		keys = keys || key && !describes
		others = others || describes || i == 0 && same && checkBucket(row0(rows)) == ""
	}
	return keys && others
}

func row0(rows [][]string) string { return rows[0][0] }

// refuseText finds what is surely no list of keys, and says what to do instead.
func refuseText(lines []string, d dialect) (remedy string, err error) {
	const whole = "if each whole line is a key all the same, add --columns key=1"
	line := lines[0]
	if tool, remedy := listingTool(lines); tool != "" {
		return remedy + "; " + whole,
			fmt.Errorf("is the output of %s, whose lines are no keys (it begins with %s)", tool, excerpt(line))
	}
	for _, d := range append(delimiters[:len(delimiters):len(delimiters)], '|') {
		cells := splitLine(line, d)
		known := 0
		for _, c := range cells {
			if knownWord(c) {
				known++
			}
		}
		if known == 0 || !noneCouldBeKey(cells) || d == '|' && len(cells) < 2 {
			continue
		}
		if len(cells) == 1 {
			return "if the lines below it are keys, add --columns 'key=" + trim(line) + "'; " + whole,
				fmt.Errorf("the first line %s looks like a header, not like a key", excerpt(line))
		}
		return tableRemedy(cells, split(lines[1:], d), d) + "; " + whole,
			fmt.Errorf("the first line %s looks like the header of a table, not like a key", excerpt(line))
	}
	if d := bareTable(lines, d.bucket); d != 0 {
		return fmt.Sprintf("say where its columns are: --format csv --delimiter '%s' --columns %s; %s", delimiterFlag(d), numberedColumns(split(lines, d)), whole),
			fmt.Errorf("the lines are rows of a table parted by %s, not keys (it begins with %s)", delimiterName(d), excerpt(line))
	}
	if cells := []string{line}; d.bucket != "" && aboveKeys(cells, split(lines[1:], 0)) {
		return "if it is one, add --columns 'key=" + trim(line) + "'; " + whole,
			fmt.Errorf("the first line %s looks like a header: the lines below it have slashes or extensions, as keys have, and it has none", excerpt(line))
	}
	return "", nil
}

// split splits lines at a delimiter as far as they are rows; 0 leaves them whole.
func split(lines []string, d byte) [][]string {
	var rows [][]string
	for _, line := range lines {
		if line == "" {
			continue
		}
		cells := []string{line}
		if d != 0 {
			cells = splitLine(line, d)
		}
		if cells != nil {
			rows = append(rows, cells)
		}
	}
	return rows
}

// keyColumn guesses which of a header's columns holds the keys, from the rows
// below it, else by the names.
func keyColumn(cells []string, below [][]string) int {
	for i := range cells {
		all := len(below) > 0
		for _, row := range below {
			all = all && i < len(row) && couldBeKey(row[i])
		}
		if all && columnOf(cells[i]) == colExtra {
			return i
		}
	}
	for _, wanted := range []func(string) bool{
		func(s string) bool { return exportWords[foldName(s)] },
		func(s string) bool { return columnOf(s) == colExtra },
	} {
		for i, s := range cells {
			if wanted(s) {
				return i
			}
		}
	}
	return 0
}

// tableRemedy is the --columns line that would read a table by its header.
func tableRemedy(cells []string, below [][]string, d byte) string {
	remedy := "say which column holds the keys, for example --format csv --columns 'key=" + trim(cells[keyColumn(cells, below)]) + "'"
	if d == '|' {
		remedy += " --delimiter '|'"
	}
	return remedy
}

// numberedColumns is the value of --columns for rows without a header.
func numberedColumns(rows [][]string) string {
	for i := range rows[0] {
		if key := couldBeKey(rows[0][i]) && !described.MatchString(rows[0][i]); key && i > 0 && checkBucket(rows[0][0]) == "" && !couldBeKey(rows[0][0]) && !described.MatchString(rows[0][0]) {
			return fmt.Sprintf("bucket=1,key=%d", i+1)
		} else if key {
			return fmt.Sprintf("key=%d", i+1)
		}
	}
	return "key=1"
}
