package filter

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"airlift/manifest/entry"
)

// The same flags take the same names here as of rclone itself, where a test machine has it.
func TestAsRcloneItself(t *testing.T) {
	rclone, err := exec.LookPath("rclone")
	if err != nil {
		t.Skip("there is no rclone to compare with: install it, for example with apt-get install rclone")
	}
	lists := t.TempDir()
	keys := strings.Fields("a.mov A.MOV a.mp4 1.mov -.mov b[1].mov c+d.mov {x}.mov a,b.mov proxies/a.mov proxies/x/b.mov x/proxies/a.mov x/proxies/y/c.wav " +
		"xproxies/a.mov x/a.mov x/y/a.mov x/y/z.tif stills/réel.tif start/of/end a/b/c/d.mov x//a.mov /a.mov")
	for name, content := range map[string]string{
		"patterns": "# some\n*.mov\r\n\n ; none\n  x/y/**  \nproxies/**\n",
		"rules":    "- /proxies/\n+ *.mov\n!\n- x/\n+ *.{mov,tif}\n- *\n",
	} {
		if err := os.WriteFile(filepath.Join(lists, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	patterns, rules := filepath.Join(lists, "patterns"), filepath.Join(lists, "rules")
	var all [][]string
	single := []string{"*.mov", "/*.mov", "a.mov", "/a.mov", "x/a.mov", "/x/y/a.mov", "proxies/**", "/proxies/**", "**/a.mov", "x/**/a.mov", "a**d.mov", "**", "*", "/**", "?.mov", "[a-b]*",
		"[^a]*", `\d.mov`, `b\[1\].mov`, "c+d.mov", `\{x\}.mov`, "a,b.mov", "{a,1}.m{ov,p4}", "{proxies,x/y}/**", "{{start.*end}}", "/{{x.*mov}}", "*.{{(?i)mov}}", "*.{{mp?[4o]v?}}", "r[é]el.tif",
		"r?el.tif", "[[:alpha:]].mov", "x?a.mov", "x[^q]a.mov"}
	var flags []string
	for _, p := range single {
		flags = append(flags, "--include", p)
	}
	for i, rule := range rclonesRules(t, rclone, flags)[:len(single)] {
		match, err := Keys("--include", single[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if got, want := match(key), rule.re.MatchString(key); got != want {
				t.Errorf("%s matches %s: got %v, want %v", single[i], key, got, want)
			}
		}
	}
	for _, p := range []string{"proxies/", "/proxies/", "x/", "*/"} {
		all = append(all, []string{"--exclude", p}, []string{"--filter", "- " + p})
	}
	all = append(all,
		[]string{"--include", "*.mov", "--exclude", "proxies/**"}, []string{"--exclude", "proxies/**", "--include", "*.mov"},
		[]string{"--exclude", "*.mov", "--include", "x/**", "--include", "*.tif"}, []string{"--include-from", patterns}, []string{"--exclude-from", patterns},
		[]string{"--filter-from", rules}, []string{"--filter", "+ x/**", "--filter-from", rules}, []string{"--filter", "- *.tif", "--exclude", "a*"},
		[]string{"--filter", "+ *.tif", "--exclude", "stills/**", "--include", "a.*"}, []string{"--filter", "+ *.mov"}, []string{"--filter", "+ *.mov", "--filter", "- *"},
		[]string{"--filter", "+ proxies/", "--filter", "- **"}, []string{"--include-from", patterns, "--filter-from", rules}, []string{"--include", "a.mov", "--include", "proxies/**"},
	)
	for _, args := range all {
		rules := rclonesRules(t, rclone, args)
		var p Patterns
		for i := 0; i < len(args); i += 2 {
			into := map[string]*[]string{"--include": &p.Include, "--exclude": &p.Exclude, "--filter": &p.Filter,
				"--include-from": &p.IncludeFrom, "--exclude-from": &p.ExcludeFrom, "--filter-from": &p.FilterFrom}[args[i]]
			*into = append(*into, args[i+1])
		}
		f, err := New(Config{Patterns: p})
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		for _, key := range keys {
			want := true
			for _, rule := range rules {
				if rule.re.MatchString(key) {
					want = rule.include
					break
				}
			}
			if got := f.Skip(&entry.Entry{Key: key}) == ""; got != want {
				t.Errorf("%q takes %s: got %v, want %v", args, key, got, want)
			}
		}
	}
}

type rcloneRule struct {
	include bool
	re      *regexp.Regexp
}

// rclonesRules gives what rclone makes of the flags: its rules for files. (Those for folders spare it to list some, and
// some local folders come out otherwise for it; a bucket is listed without them.)
func rclonesRules(t *testing.T, rclone string, args []string) []rcloneRule {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), rclone, append([]string{"--config", "", "--dump", "filters", "lsf", t.TempDir()}, args...)...).CombinedOutput()
	_, dump, found := strings.Cut(string(out), "--- File filter rules ---\n")
	dump, _, ended := strings.Cut(dump, "--- Directory filter rules ---")
	if err != nil || !found || !ended {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	var rules []rcloneRule
	for line := range strings.Lines(dump) {
		rules = append(rules, rcloneRule{line[0] == '+', regexp.MustCompile(strings.TrimSuffix(line[2:], "\n"))})
	}
	return rules
}
