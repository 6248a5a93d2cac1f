package csv

import (
	"regexp"
	"sync"
)

// listings are the forms of lines in which tools list files or objects for people. They are refused, because their
// names may be relative to a folder that only the command line named, or have other text around them; remedy is the
// command whose output is a manifest. Hardly any key begins like these forms: --columns key=1 reads those that do. They are
// compiled at the first use, because most commands read no rows.
var listings = sync.OnceValue(func() []listingForm {
	return []listingForm{
		{tool: "aws s3 ls", remedy: awsRemedy, form: regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+(?:\.\d+)?(?: (?:Bytes?|[KMGTPE]iB))? .`)},
		{tool: "aws s3 ls", remedy: awsRemedy, form: regexp.MustCompile(`^ {20,}PRE .`)},
		{tool: "aws s3 ls", remedy: awsRemedy, form: regexp.MustCompile(`^Total Objects: \d+$`)},
		{tool: "aws s3 ls", remedy: awsRemedy, form: regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`), all: true}, // of buckets
		{tool: "aws s3", remedy: awsRemedy, form: regexp.MustCompile(`^(?:\(dryrun\) )?(?:upload|copy|download|move): .+ to .`)},
		{tool: "s3cmd ls", remedy: awsRemedy, form: regexp.MustCompile(`^ {15,}DIR +s3://.`)},
		{tool: "s3cmd ls", remedy: awsRemedy, form: regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d +\d+(?:\.\d+)?[kKMGT]? +(?:.* +)?s3://.`)},
		{tool: "s3cmd du", remedy: awsRemedy, form: regexp.MustCompile(`^ *\d[0-9.]*[kKMGT]? +\d+ objects s3://.`)},
		{tool: "s5cmd ls", remedy: s5cmdRemedy, form: regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d +(?:[A-Z_]+ +)?(?:"?[0-9a-f]{32}(?:-\d+)?"? +)?\d[0-9.]*[A-Z]? +.`)},
		{tool: "s5cmd ls", remedy: s5cmdRemedy, form: regexp.MustCompile(`^ {20,}DIR +.`)},
		{tool: "s5cmd ls", remedy: s5cmdRemedy, form: regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d +s3://.`)}, // of buckets
		{tool: "s5cmd du", remedy: s5cmdRemedy, form: regexp.MustCompile(`^\d[0-9.]*[A-Z]? bytes in \d+ objects: .`)},
		{tool: "s5cmd", remedy: s5cmdRemedy, form: regexp.MustCompile(`^(?:cp|mv|rm) (?:.+ )?s3://.`)},
		{tool: "gsutil ls", remedy: awsRemedy, form: regexp.MustCompile(`^ *\d[0-9.]*(?: ?[KMGTPE]?i?B)? +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +(?:gs|s3)://.`)},
		{tool: "gsutil ls", remedy: awsRemedy, form: regexp.MustCompile(`^(?:gs|s3)://.+:$`)},
		{tool: "mc ls", remedy: "list it as JSON: mc ls -r --json ALIAS/BUCKET/ > list.jsonl", form: regexp.MustCompile(`^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Za-z0-9+-]+\] +[0-9.]+ ?[KMGTP]?i?B .`)},
		{tool: "rclone lsl", remedy: rcloneRemedy, form: regexp.MustCompile(`^ *\d[0-9.]*(?:[KMGTPE]i?)? \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ .`)},
		{tool: "rclone lsd", remedy: rcloneRemedy, form: regexp.MustCompile(`^ +-?\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +-?\d+ .`)},
		// Its sizes are padded to nine characters.
		{tool: "rclone ls", remedy: rcloneRemedy, form: regexp.MustCompile(`^(?: {8}\d| {7}\d\d| {6}\d{3}| {5}\d{4}| {4}\d{5}| {3}\d{6}| {2}\d{7}| \d{8}) [^ ]`)},
		{tool: "rclone ls", remedy: rcloneRemedy, form: regexp.MustCompile(`^ {1,7}\d[0-9.]*[KMGTPE]i? [^ ]`)},
		{tool: "rclone ls", remedy: rcloneRemedy, form: regexp.MustCompile(`^(?: {1,8}\d{1,8}|\d{9,}) [^ ]`), all: true},
		{tool: "md5sum or another checksum program", remedy: checksumRemedy, form: regexp.MustCompile(`^\\?(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}) [ *].`)},
		{tool: "md5 or another checksum program", remedy: findRemedy, form: regexp.MustCompile(`^(?:MD5|SHA\d+|SHA2-\d+|BLAKE2b)(?:-\d+)? ?\(.+\) ?= ?[0-9a-f]{32,128}$`)},
		{tool: "ls -l", remedy: findRemedy, form: regexp.MustCompile(`^[-dlbcps](?:[-r][-w][-xsStT]){3}[.+@]? +\S`), below: true},
		{tool: "ls", remedy: findRemedy, form: regexp.MustCompile(`^total \d[0-9.,]*[KMGT]?$`), below: true},
		{tool: "ls -R", remedy: findRemedy, form: regexp.MustCompile(`^\.(?:/.*)?:$`)},
		{tool: "find -ls", remedy: findRemedy, form: regexp.MustCompile(`^ *\d+ +\d+ +[-dlbcps](?:[-r][-w][-xsStT]){3} +\d+ .`)},
		{tool: "tree", remedy: findRemedy, form: regexp.MustCompile(`^[│ \x{a0}|]*(?:[├└]──|\|--|` + "`--" + `) .`), below: true},
		{tool: "du", remedy: findRemedy, form: regexp.MustCompile(`^(?:\d+\t\.(?:/|$)|\d+(?:\.\d+)?[KMGTP]\t.)`)},
		{tool: "rsync", remedy: findRemedy, form: regexp.MustCompile(`^(?:sending|receiving) incremental file list$`)},
		{tool: "rsync -i", remedy: findRemedy, form: regexp.MustCompile(`^[<>ch.][fdLDS](?:[.+?cstTpoguaxn]{9}) .`)},
		{tool: "find", remedy: findRemedy, form: regexp.MustCompile(`^\.\.?(?:/|$)`)},
		{tool: "dir", remedy: windowsRemedy, form: regexp.MustCompile(`^ Volume in drive [A-Z] |^ {4}Directory: .`)},
		{tool: "a Windows program", remedy: windowsRemedy, form: regexp.MustCompile(`^(?:[A-Za-z]:[\\/]|\\\\[^\\]+\\[^\\])`)},
	}
})

// listingForm is one form of the lines that a tool prints.
type listingForm struct {
	tool, remedy string
	form         *regexp.Regexp
	all          bool // one line alone proves nothing
	below        bool // one line of another form may stand above
}

const (
	awsRemedy      = `list the keys alone: aws s3api list-objects-v2 --bucket BUCKET --query "Contents[].[Key]" --output text > keys.txt`
	s5cmdRemedy    = "list whole addresses: s5cmd ls --show-fullpath 's3://BUCKET/*'"
	rcloneRemedy   = "list the keys alone, from the bucket's root: rclone lsf -R --files-only REMOTE:BUCKET > keys.txt"
	findRemedy     = `list the files alone, from the folder that is the bucket's root: find FOLDER -type f -printf '%P\n' > keys.txt`
	checksumRemedy = `keep the names alone, if they are the keys: sed -E 's#^[0-9a-f]+ [ *](\./)?##' FILE > keys.txt`
	windowsRemedy  = `write the keys as the bucket has them, with / in place of \ and without the drive or share, or list the bucket: aws s3api list-objects-v2 --bucket BUCKET --query "Contents[].[Key]" --output text > keys.txt`
)

// ListingTool recognizes the output of such a tool by the first lines. It returns the tool, "" for none.
func ListingTool(lines []string) (tool, remedy string) {
	for _, l := range listings() {
		if l.fits(lines) || l.below && len(lines) > 1 && l.fits(lines[1:]) {
			return l.tool, l.remedy
		}
	}
	return "", ""
}

// fits reports whether lines have the form for certain.
func (l listingForm) fits(lines []string) bool {
	if !l.form.MatchString(lines[0]) {
		return false
	}
	if !l.all {
		return true
	}
	for _, line := range lines {
		if !l.form.MatchString(line) {
			return false
		}
	}
	return len(lines) > 1
}
