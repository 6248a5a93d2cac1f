package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Every flag of every command is also an environment variable, but for those that the README names.
func TestEveryFlagIsAnEnvironmentVariable(t *testing.T) {
	t.Parallel()
	dir, tested := t.TempDir(), 0
	a := &app{log: zerolog.Nop(), getenv: func(string) (string, bool) { return "", false }}
	var paths [][]string
	config.VisitCommands(a.rootCommand(), func(c *cobra.Command) { paths = append(paths, strings.Fields(c.CommandPath())[1:]) })
	for _, path := range paths {
		env := map[string]string{"HOME": dir}
		a := &app{log: zerolog.Nop(), getenv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
		cmd, _, err := a.rootCommand().Find(path)
		if err != nil {
			t.Fatal(err)
		}
		flags := append([]*pflag.Flag{}, allFlags(cmd)...)
		want := map[string]string{}
		for _, f := range flags {
			value := map[string]string{"bool": "true", "string": "x y", "stringArray": "a b\n c,d\n", "stringSlice": "a\nb,c", "duration": "7s"}[f.Value.Type()]
			if value == "" {
				value = "7"
			}
			if f.Value.Type() == "bool" && f.Value.String() == "true" {
				value = "false"
			}
			env["AIRLIFT_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = value
			want[f.Name] = map[string]string{"stringArray": `[a b,"c,d"]`, "stringSlice": "[a,b,c]"}[f.Value.Type()]
			if want[f.Name] == "" {
				want[f.Name] = value
			}
		}
		delete(env, "AIRLIFT_CONFIG") // TestConfigFileOfTheEnvironment
		if err := a.fillSettings(cmd); err != nil {
			t.Errorf("%s: %v", cmd.CommandPath(), err)
		}
		for _, f := range flags {
			if !config.Settable(f) {
				if f.Changed {
					t.Errorf("%s: --%s was set", cmd.CommandPath(), f.Name)
				}
				continue
			}
			tested++
			if got := f.Value.String(); got != want[f.Name] {
				t.Errorf("%s: --%s is %s, want %s", cmd.CommandPath(), f.Name, got, want[f.Name])
			}
		}
	}
	if tested < 100 {
		t.Errorf("only %d flags were tested", tested)
	}
}

func allFlags(cmd *cobra.Command) (all []*pflag.Flag) {
	cmd.InheritedFlags() // also those of the root
	cmd.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f) })
	return all
}

// A list of the environment is one value a line, and each is what it is on the command line.
func TestListsOfTheEnvironment(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key\narchive,a b.mov\narchive,\"c,d.mov\"\narchive,e.mov\n")
	r.setenv("AIRLIFT_INCLUDE", "a b.mov\n  c,d.mov\r\n\n")
	r.run("run", m).want(t, exit.OK)
	r.submittedKeys("a b.mov", "c,d.mov")
	r.setenv("AIRLIFT_INCLUDE", "a b.mov\n[\n")
	r.run("run", m).want(t, exit.Usage).says(t, `"[" is no valid pattern`)
	r.setenv("AIRLIFT_INCLUDE", "")
	r.setenv("AIRLIFT_FILTER", "- a*\n- c*")
	r.run("run", m).want(t, exit.OK)
	r.submittedKeys("a b.mov", "c,d.mov", "e.mov")
}

// The batches that help's examples name are like those that airlift makes.
func TestBatchesOfTheExamples(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("archive.csv", 1)).want(t, exit.OK)
	made := regexp.MustCompile(`^archive-[0-9a-f]{8}$`)
	if batch := r.status().Batch; !made.MatchString(batch) {
		t.Errorf("the batch of archive.csv is %s", batch)
	}
	examples := 0
	a := &app{log: zerolog.Nop()}
	config.VisitCommands(a.rootCommand(), func(c *cobra.Command) {
		for _, name := range regexp.MustCompile(`archive[.\w]*-[0-9a-f]\S*`).FindAllString(c.Example+"\n"+c.Long, -1) {
			examples++
			if !made.MatchString(name) {
				t.Errorf("%s names the batch %s", c.CommandPath(), name)
			}
		}
	})
	if examples < 8 {
		t.Errorf("only %d examples were found", examples)
	}
	r.run("enqueue", r.manifest("night.csv.gz.csv", 1)).want(t, exit.OK).says(t, "batch      night.csv.gz-")
}
