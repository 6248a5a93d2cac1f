package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// envName returns the environment variable of a flag.
func envName(flag string) string {
	return "AIRLIFT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// settle fills each flag that the command line does not give: from the environment, else from the config file.
func (a *app) settle(cmd *cobra.Command) error {
	file, path, err := a.configFile(cmd)
	if err != nil {
		return err
	}
	known := settingNames(cmd.Root())
	var problems []string
	for name := range file {
		if !slices.Contains(known, name) {
			problems = append(problems, fmt.Sprintf("%s: there is no setting %q%s", path, name, meant(name, known)))
		}
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || neverConfigured[f.Name] {
			return
		}
		if value, ok := a.getenv(envName(f.Name)); ok && value != "" {
			for _, v := range environmentValues(f, value) {
				if err := cmd.Flags().Set(f.Name, v); err != nil {
					problems = append(problems, fmt.Sprintf("%s=%q: %v", envName(f.Name), v, rootCause(err)))
				}
			}
			return
		}
		if value, ok := file[f.Name]; ok {
			for _, v := range value {
				if err := cmd.Flags().Set(f.Name, v); err != nil {
					problems = append(problems, fmt.Sprintf("%s: %s = %q: %v", path, f.Name, v, rootCause(err)))
				}
			}
		}
	})
	if len(problems) > 0 {
		sort.Strings(problems)
		return usagef("%s", strings.Join(problems, "\n"))
	}
	return nil
}

// environmentValues returns the values that a variable gives a flag: one, or for a flag that may be given several times
// one a line, without the blanks around it.
func environmentValues(f *pflag.Flag, value string) []string {
	if _, list := f.Value.(pflag.SliceValue); !list {
		return []string{value}
	}
	var all []string
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// neverConfigured are flags that make sense on the command line only.
var neverConfigured = map[string]bool{"help": true, "config": true, "version": true, "all": true}

// configFile reads the settings of the config file, by flag name, and its rules, which become a's. A default file that is not there is no error.
func (a *app) configFile(cmd *cobra.Command) (map[string][]string, string, error) {
	path, asked := a.configPath(cmd)
	if path == "" {
		return nil, "", nil
	}
	var raw map[string]any
	text, err := readSmall(path)
	if err == nil {
		_, err = toml.Decode(string(text), &raw)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !asked {
			return nil, path, nil
		}
		return nil, path, usagef("read the config file %s: %v", path, rootCause(err))
	}
	settings := map[string][]string{}
	for name, value := range raw {
		if name == ruleSetting {
			if a.rules, err = parseRules(value); err != nil {
				return nil, path, usagef("%s: %v", path, err)
			}
			continue
		}
		name = strings.ReplaceAll(name, "_", "-")
		switch v := value.(type) {
		case []any:
			for _, one := range v {
				settings[name] = append(settings[name], fmt.Sprint(one))
			}
		case map[string]any, []map[string]any:
			return nil, path, usagef("%s: %s is a table; a setting is a single value or a list", path, name)
		default:
			settings[name] = []string{fmt.Sprint(v)}
		}
	}
	return settings, path, nil
}

// configPath returns the path of the config file, and whether the user named it; "" if there is no place for one.
func (a *app) configPath(cmd *cobra.Command) (path string, asked bool) {
	if f := cmd.Flags().Lookup("config"); f != nil {
		path, asked = f.Value.String(), f.Changed
	}
	if v, ok := a.getenv("AIRLIFT_CONFIG"); path == "" && ok && v != "" {
		path, asked = v, true
	}
	if path == "" {
		base, ok := a.dir("XDG_CONFIG_HOME", ".config")
		if !ok {
			return "", false // no home, no default file
		}
		path = filepath.Join(base, "airlift", "config.toml")
	}
	return path, asked
}

// dir returns a base directory by the XDG Base Directory Specification: the variable, or a folder below home. It is false
// without both; a relative path counts as none, or the folder would depend on where one stands.
func (a *app) dir(variable, below string) (string, bool) {
	if v, ok := a.getenv(variable); ok && filepath.IsAbs(v) {
		return v, true
	}
	home, ok := a.getenv("HOME")
	if !ok || home == "" {
		home, _ = os.UserHomeDir()
	}
	if !filepath.IsAbs(home) {
		return "", false
	}
	return filepath.Join(home, below), true
}

func visitCommands(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		visitCommands(sub, visit)
	}
}

// rootCause takes off what pflag wraps around the reason.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
