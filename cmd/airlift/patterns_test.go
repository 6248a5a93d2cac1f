package main

import (
	endian "encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// utf16Text writes a text as PowerShell's > does, or the other way round.
func utf16Text(order endian.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// A file of patterns in UTF-16 is read as what it says; what is no text is refused, and nothing is sent.
func TestPatternFilesOfOtherEncodings(t *testing.T) {
	t.Parallel()
	const rows = "key\nreels/a.mov\nstills/b.mov\nstills/é.tif\n"
	for name, c := range map[string]struct {
		list, flag string
		want       []string // none: it is refused
	}{
		"excluded, little endian": {utf16Text(endian.LittleEndian, "stills/**\r\n"), "--exclude-from", []string{"reels/a.mov"}},
		"excluded, big endian":    {utf16Text(endian.BigEndian, "# stills\r\nstills/\r\n"), "--exclude-from", []string{"reels/a.mov"}},
		"included":                {utf16Text(endian.LittleEndian, "é.tif\n"), "--include-from", []string{"stills/é.tif"}},
		"rules":                   {utf16Text(endian.BigEndian, "+ *.tif\n- stills/\n"), "--filter-from", []string{"reels/a.mov", "stills/é.tif"}},
		"without its mark":        {utf16Text(endian.LittleEndian, "stills/**\n")[2:], "--exclude-from", nil},
		"separated by NUL":        {"stills/b.mov\x00stills/c.mov\x00", "--exclude-from", nil},
		"Latin-1":                 {"stills/\xe9.tif\n", "--exclude-from", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.file("list.txt", c.list)
			got := r.run("run", r.file("export.csv", rows), "--source-bucket", "archive", c.flag, "list.txt", "--batch", "b")
			if c.want == nil {
				got.want(t, exit.Usage).says(t, "list.txt: line 1: it ", "UTF-8")
				r.unsent()
				return
			}
			got.want(t, exit.OK)
			r.submittedKeys(c.want...)
		})
	}
}

// A pattern matches a name in either normal form, and the key goes to AiR as it is.
func TestPatternsMatchEitherNormalForm(t *testing.T) {
	t.Parallel()
	const nfd, nfc = "re\u0301els/a.mov", "r\u00e9els/b.mov"
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"included in NFC": {[]string{"--include", "r\u00e9els/**"}, []string{nfd, nfc}},
		"included in NFD": {[]string{"--include", "re\u0301els/*.mov"}, []string{nfd, nfc}},
		"excluded in NFC": {[]string{"--exclude", "r\u00e9els/"}, []string{"x.mov"}},
		"a rule in NFD":   {[]string{"--filter", "- re\u0301els/**"}, []string{"x.mov"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.run(append([]string{"run", r.file("m.csv", "key\n"+nfd+"\n"+nfc+"\nx.mov\n"), "--batch", "b", "--source-bucket", "archive"}, c.args...)...).want(t, exit.OK)
			r.submittedKeys(c.want...)
		})
	}
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.file("m.jsonl", `{"bucket":"archive","key":"re\u0301els/a.mov"}`+"\n"), "--batch", "b").want(t, exit.OK)
	r.run("cancel", "b", "--key", "r\u00e9els/").want(t, exit.Usage).says(t, "names a folder")
	r.run("cancel", "b", "--key", "r\u00e9els/**").want(t, exit.OK).says(t, "1 items cancelled")
}

// What no key has matched is most probably misspelt: each reading says so.
func TestPatternsThatMatchNothingAreSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key\narchive,reels/a.mov\narchive,proxies/a.mov\narchive,reels/b.wav\n")
	r.file("out.lst", "nothing/\n*.never\n")
	r.file("some.lst", "proxies/\n*.never\n")
	const never = `--include "*.mvo" matched nothing`
	none := `not one pattern of out.lst (--exclude-from) matched anything; the first is "nothing/"`
	args := []string{m, "--include", "*.mov", "--include", "*.mvo", "--exclude-from", "out.lst"}
	r.run(append([]string{"run", "--dry-run"}, args...)...).want(t, exit.OK).says(t, never, none, "--include comes before --exclude")
	r.run(append([]string{"plan"}, args...)...).want(t, exit.OK).says(t, never, none)
	if got := r.run(append([]string{"run", "--json"}, args...)...).want(t, exit.OK); !strings.Contains(got.stdout, `"unmatched":["--include \"*.mvo\" matched nothing","not one`) || !strings.Contains(got.stderr, "matched nothing") {
		t.Errorf("run: got %s\n%s", got.stdout, got.stderr)
	}
	r.run("enqueue", m, "--exclude-from", "some.lst").want(t, exit.OK).says(t, `1 of the 2 patterns of some.lst (--exclude-from) matched nothing, for example "*.never"`)
	if got := r.run("enqueue", m, "--include", "*.mov", "--filter", "- proxies/").want(t, exit.OK); strings.Contains(got.stdout+got.stderr, "matched") {
		t.Errorf("every pattern matched something, yet it says:\n%s%s", got.stdout, got.stderr)
	}
	// With --limit the rest is not known.
	if got := r.run("enqueue", m, "--exclude", "*.wav", "--limit", "1").want(t, exit.OK); strings.Contains(got.stdout+got.stderr, "matched") {
		t.Errorf("with --limit it says:\n%s%s", got.stdout, got.stderr)
	}
	s3 := r.withS3()
	s3.PutSized("archive", "a.mov", 1)
	r.run("run", "s3://archive/", "--exclude", "a.wav").want(t, exit.OK).says(t, `--exclude "a.wav" matched nothing`)
}

// Patterns come from standard input too, but not if a manifest does.
func TestPatternsFromStandardInput(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key\narchive,reels/a.mov\narchive,proxies/a.mov\n")
	r.runIn("bucket,key\na,b\n", "run", "-", "--batch", "b", "--exclude-from", "-").want(t, exit.Usage).says(t, "standard input")
	r.unsent()
	r.runIn("- proxies/\n", "run", m, "--filter-from", "-").want(t, exit.OK)
	r.submittedKeys("reels/a.mov")
}

// --key means the same as --include, for each command that has it, and that nothing matches is said.
func TestKeyMeansWhatIncludeMeans(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	var rows strings.Builder
	rows.WriteString("bucket,key\n")
	keys := []string{"a.mov", "proxies/a.mov", "x/proxies/b.wav", "x/y.wav"}
	for _, key := range keys {
		rows.WriteString("archive," + key + "\n")
	}
	m := r.file("m.csv", rows.String())
	r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	for _, pattern := range []string{"*.mov", "/*.mov", "proxies/**", "/proxies/**", "{x,proxies}/*.{wav,mov}", "{{.*y}}.wav", "y.wav", "**"} {
		want := r.run("run", m, "--batch", "b", "--dry-run", "--json", "--include", pattern).want(t, exit.OK).stdout
		got := r.run("items", "b", "--key", pattern).want(t, exit.OK).stdout
		if n := strings.Count(got, "\n"); !strings.Contains(want, `"known":`+n1(n)+",") {
			t.Errorf("%s: items gives %d, --include %s", pattern, n, want)
		}
	}
	r.run("items", "b", "--key", "*.mvo").want(t, exit.OK).says(t, `--key "*.mvo": no item matches`)
	r.run("cancel", "b", "--key", "*.mvo").want(t, exit.Usage).says(t, `--key "*.mvo"`, "nothing was changed")
	r.run("cancel", "b", "--key", "proxies/**", "--key", "y.wav").want(t, exit.OK).says(t, "3 items cancelled")
	r.run("retry", "b", "--key", "proxies/**").want(t, exit.Usage).says(t, "nothing was changed") // none has failed
	r.run("retry", "b", "--state", "cancelled", "--key", "/proxies/**").want(t, exit.OK).says(t, "1 items retried")
	r.run("retry", "b").want(t, exit.OK).says(t, "0 items retried")
	r.run("items", "b", "--key", "[").want(t, exit.Usage).says(t, "--key")
}

func n1(n int) string { return string(rune('0' + n)) }

// The patterns of a rule mean the same as well.
func TestPatternsOfRules(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.config("[[rule]]\nmatch = [\"r\u00e9els/**\", \"*.{{tiff?}}\"]\npriority = 3\n")
	m := r.file("m.csv", "bucket,key\narchive,x/re\u0301els/a.mov\narchive,b.tif\narchive,reels/c.mov\n")
	r.run("run", m).want(t, exit.OK)
	for key, want := range map[string]int{"x/re\u0301els/a.mov": 3, "b.tif": 3, "reels/c.mov": 0} {
		if got := r.jobs()[key].Priority; got != want {
			t.Errorf("%+q has priority %d, want %d", key, got, want)
		}
	}
	r.config("[[rule]]\nmatch = \"stills/\"\npriority = 3\n")
	r.run("run", m).want(t, exit.Usage).says(t, "names a folder")
}
