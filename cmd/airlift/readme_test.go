package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
)

const readmePath = "../../README.md"

func readme(t *testing.T) string { return readFile(t, readmePath) }

// commands returns every command but cobra's own.
func commands() (all []*cobra.Command) {
	a := &app{log: zerolog.Nop()}
	config.VisitCommands(a.rootCommand(), func(c *cobra.Command) {
		if c.HasParent() && c.Parent().Name() != "completion" && !c.IsAdditionalHelpTopicCommand() {
			all = append(all, c)
		}
	})
	return all
}

// The README and the help of every command give the same exit codes.
func TestReadmeHasTheExitCodesOfHelp(t *testing.T) {
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^  (\d)  (.*)$`).FindAllStringSubmatch(exit.CodesHelp, -1) {
		want = append(want, m[1]+" "+m[2])
	}
	_, section, _ := strings.Cut(readme(t), "\n## Exit codes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^\| (\d) \| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		got = append(got, m[1]+" "+strings.ReplaceAll(m[2], "`", ""))
	}
	if len(want) != 9 || !slices.Equal(got, want) {
		t.Errorf("the README has\n%s\nhelp has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The README names every command and every flag with its default, and no flag that is not there.
func TestReadmeNamesEveryCommandAndFlag(t *testing.T) {
	text := readme(t)
	rows := strings.Split(text, "\n")
	known := map[string]bool{"version": true, "help": true}
	for _, c := range commands() {
		if !regexp.MustCompile("(?m)^\\| .*`" + c.Name() + "[` ]").MatchString(text) {
			t.Errorf("the table of commands lacks %s", c.Name())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			known[f.Name] = true
			if c.Name() == "sandbox" || f.Name == "help" || f.Hidden {
				return // its help is its manual
			}
			name := "--" + f.Name
			if f.Shorthand != "" {
				name = "-" + f.Shorthand
			}
			is := regexp.MustCompile("`[^`]*" + name + "[ `]")
			i := slices.IndexFunc(rows, func(row string) bool { return is.MatchString(row) })
			if i < 0 {
				t.Errorf("it lacks --%s of %s", f.Name, c.Name())
				return
			}
			if c.Name() != "run" || slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue) {
				return
			}
			short := strings.TrimSuffix(strings.TrimSuffix(f.DefValue, "0s"), "0m")
			if f.DefValue == "30s" || f.DefValue == "5s" {
				short = f.DefValue
			}
			row := slices.IndexFunc(rows, func(row string) bool { return strings.HasPrefix(row, "| `--") && is.MatchString(row) })
			if row < 0 || !strings.Contains(rows[row][strings.LastIndex(strings.TrimSuffix(rows[row], "|"), "|"):], short) {
				t.Errorf("it lacks %s, the default of --%s", short, f.Name)
			}
		})
		c.InheritedFlags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
	}
	for _, m := range regexp.MustCompile("`[^`\n]*`").FindAllString(text, -1) {
		for _, f := range regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllStringSubmatch(m, -1) {
			if !known[f[1]] {
				t.Errorf("it names --%s, which no command has: %s", f[1], m)
			}
		}
	}
}

// The tests and the targets of make that the README names are there.
func TestReadmeNamesWhatIsThere(t *testing.T) {
	text := readme(t)
	var tests strings.Builder
	for _, top := range []string{"cmd", "queue", "worker", "manifest", "ratelimit"} {
		err := filepath.WalkDir(filepath.Join("../..", top), func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				tests.WriteString(readFile(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	names := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(text, -1)
	for _, name := range names {
		if !strings.Contains(tests.String(), "\nfunc "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
	makefile := readFile(t, "../../Makefile")
	targets := regexp.MustCompile("(?:`|    )make ([a-z-]+)").FindAllStringSubmatch(text, -1)
	for _, m := range targets {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("there is no target %s", m[1])
		}
	}
	if len(names) < 30 || len(targets) < 8 {
		t.Errorf("only %d tests and %d targets were found", len(names), len(targets))
	}
}
