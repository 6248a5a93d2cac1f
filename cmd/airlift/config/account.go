package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/queue"
)

// accountSetting is the name of the tables of accounts in the config file, and of the flag that chooses one.
const accountSetting = "account"

// account is an [account.NAME] table.
type account struct {
	settings map[string][]string // by the name of the flag
	keys     keySource
}

// ofProcess marks a flag that an account cannot have for itself.
const ofProcess = "airlift_of_process"

// NotOfAccount makes flags of a command such that no [account.NAME] table can set them.
func NotOfAccount(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		_ = flags.SetAnnotation(name, ofProcess, nil) // fails only for a flag that is not there
	}
}

// accountSettings returns the flags that an [account.NAME] table may set: those of submit, but for job settings and those of the
// whole process.
func accountSettings(cmd *cobra.Command) (all []string) {
	VisitCommands(cmd.Root(), func(c *cobra.Command) {
		if c.Name() != "submit" {
			return
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if _, not := f.Annotations[ofProcess]; !not && Settable(f) && c.Root().PersistentFlags().Lookup(f.Name) == nil {
				all = append(all, f.Name)
			}
		})
	})
	return all
}

// accountName is what accounts may be called.
var accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// isKey are names of settings that look as if their value were a key.
var isKey = regexp.MustCompile(`^((aws|wasabi)-)?(access-?key(-id)?|secret(-access)?-?(key)?|session-token|token|password|keys?)$`)

// readAccounts reads the [account.NAME] tables.
func (f *File) readAccounts(raw any) error {
	tables, ok := raw.(map[string]any)
	if !ok {
		return Usagef("%s: account is a table for each account, such as [account.archive]; --account or %s chooses one", f.Path, Variable(accountSetting))
	}
	f.accounts = map[string]account{}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		table, ok := tables[name].(map[string]any)
		switch {
		case name == queue.DefaultAccount:
			return Usagef("%s: [account.%s]: the settings of the account %q are those at the top level of the file: move them there", f.Path, name, name)
		case !ok:
			return Usagef("%s: account.%s is not a table: write [account.NAME] and its settings below", f.Path, name)
		case !accountName.MatchString(name):
			return Usagef("%s: [account.%q]: the name of an account has letters, digits, - _ and . in it, at most 64", f.Path, name)
		}
		a := account{settings: map[string][]string{}}
		for key, value := range table {
			key = strings.ReplaceAll(key, "_", "-")
			values, ok := settingValues(value)
			switch {
			case isKey.MatchString(key):
				return Usagef("%s: [account.%s]: %s: keys do not belong in this file: name a profile, or the environment variables (access-key-env, secret-key-env) or the files (access-key-file, secret-key-file) that hold them", f.Path, name, key)
			case !ok:
				return Usagef("%s: [account.%s]: %s is a table; a setting is a single value or a list", f.Path, name, key)
			case !a.keys.set(key, values):
				a.settings[key] = values
			}
		}
		if problem := a.keys.problem(); problem != "" {
			return Usagef("%s: [account.%s]: %s", f.Path, name, problem)
		}
		f.accounts[name] = a
	}
	return nil
}

// settingValues returns the values of a setting, and false for a table.
func settingValues(value any) (all []string, ok bool) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			all = append(all, fmt.Sprint(one))
		}
	case map[string]any, []map[string]any:
		return nil, false
	default:
		all = []string{fmt.Sprint(v)}
	}
	return all, true
}

// accountProblems names the settings of accounts that are none.
func (f *File) accountProblems(cmd *cobra.Command) (problems []string) {
	known, all := accountSettings(cmd), settings(cmd)
	for name, a := range f.accounts {
		for key := range a.settings {
			switch {
			case slices.Contains(known, key):
			case slices.Contains(all, key):
				problems = append(problems, fmt.Sprintf("%s: [account.%s]: %s is no setting of an account: set it at the top level of the file", f.Path, name, key))
			default:
				problems = append(problems, fmt.Sprintf("%s: [account.%s]: there is no setting %q%s", f.Path, name, key, Suggest(key, append(known, keyNames...))))
			}
		}
	}
	return problems
}

// Accounts returns the names of the accounts that the config file has tables for, sorted, after the default account.
func (f *File) Accounts() []string {
	return append([]string{queue.DefaultAccount}, slices.Sorted(maps.Keys(f.accounts))...)
}

// CheckAccount returns a usage error for an account that the config file does not have. The names of others that may be meant
// can be given.
func (f *File) CheckAccount(name string, others ...string) error {
	known := append(f.Accounts(), others...)
	if slices.Contains(known, name) {
		return nil
	}
	slices.Sort(known)
	return Usagef("there is no account %q%s: there are %s; [account.%s] in %s would make it", name, Suggest(name, known), strings.Join(slices.Compact(known), ", "), name, f.Path)
}

// Chosen returns the account that the command line or the environment names; empty: none.
func (e Env) Chosen(cmd *cobra.Command) string {
	if f := cmd.Flags().Lookup(accountSetting); f != nil && f.Changed {
		return f.Value.String()
	}
	return e.get(Variable(accountSetting))
}

// Use sets the flags of a command to the values that they have for an account of the file that [Env.Fill] returned: the command
// line's, else the environment's, else those of the account's table, else those at the top level of the file, else the defaults.
//
// Keys go to their own host alone: a URL and a profile that the command line or the environment gives count for an account only
// if they name the account too, or if its table gives no URL. The profile of the top level is that of the default account.
func (e Env) Use(cmd *cobra.Command, file File, name string) error {
	var problems []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !Settable(f) {
			return
		}
		from, values := e.valuesOf(f, file, name, e.Chosen(cmd) == name)
		if from == OriginOf(f) && from.Account == "" {
			return // it has the value already
		}
		if err := put(cmd.Flags(), f, values); err != nil {
			problems = append(problems, fmt.Sprintf("%s%v", from.assignment(f.Name), err))
		}
		from.mark(f)
	})
	if len(problems) > 0 {
		slices.Sort(problems)
		return Usagef("%s", strings.Join(problems, "\n"))
	}
	return nil
}

// put sets a flag to values; without any, to its default.
func put(flags *pflag.FlagSet, f *pflag.Flag, values []string) error {
	list, isList := f.Value.(pflag.SliceValue)
	switch {
	case isList && f.Changed:
		_ = list.Replace(nil) // an empty list is valid
	case !isList && f.Changed && len(values) == 0:
		_ = f.Value.Set(f.DefValue) // so is the default
	}
	f.Changed = false
	for _, v := range values {
		if err := flags.Set(f.Name, v); err != nil {
			return fmt.Errorf("%q: %w", v, rootCause(err))
		}
	}
	return nil
}

// valuesOf returns the values that a flag has for an account, and where they are. named says that the command line or the
// environment names the account.
func (e Env) valuesOf(f *pflag.Flag, file File, name string, named bool) (Origin, []string) {
	table := file.accounts[name].settings[f.Name]
	other := name != queue.DefaultAccount
	own := other && !named && (f.Name == "profile" || f.Name == "air-url" && len(table) > 0)
	variable := e.get(Variable(f.Name))
	switch typed := file.typed[f.Name]; {
	case len(typed) > 0 && !own:
		return Origin{CommandLine: true}, typed
	case variable != "" && !own:
		return Origin{Variable: Variable(f.Name)}, variableValues(f, variable)
	case len(table) > 0:
		return Origin{File: file.Path, Account: name}, table
	case len(file.settings[f.Name]) > 0 && !(other && f.Name == "profile"):
		return Origin{File: file.Path}, file.settings[f.Name]
	}
	return Origin{}, nil
}

// typedValues returns the values of the flags that a command line gives.
func typedValues(flags *pflag.FlagSet) map[string][]string {
	typed := map[string][]string{}
	flags.VisitAll(func(f *pflag.Flag) {
		if !OriginOf(f).CommandLine {
			return
		}
		typed[f.Name] = []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			typed[f.Name] = list.GetSlice()
		}
	})
	return typed
}
