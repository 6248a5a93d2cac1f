package settings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/cmd/airlift/config"
)

// Schema is the version of the JSON form.
const Schema = 1

// View is what is in force: the object of `airlift config show --json`.
type View struct {
	Schema int `json:"schema"`
	// Command is the command whose settings are shown; "": those of all commands.
	Command string `json:"command,omitempty"`
	// ConfigFile is the path of the config file, "" if there is no place for one; Found says that it is there.
	ConfigFile  string      `json:"config_file"`
	Found       bool        `json:"config_file_found"`
	Credentials Credentials `json:"credentials"`
	Settings    []Setting   `json:"settings"`
	// Accounts are the accounts of the config file.
	Accounts []string `json:"accounts"`
	// Rules is the number of [[rule]] tables of the config file.
	Rules int `json:"rules"`
	// Warnings and Problems are lines for people; with a problem no command but this one and doctor works.
	Warnings []string `json:"warnings"`
	Problems []string `json:"problems"`

	keys *config.AccountKeys // of the account that is chosen
}

// Credentials say where the keys come from.
type Credentials struct {
	// From is the place, "" if there are none; Error says why.
	From  string `json:"from"`
	Error string `json:"error,omitempty"`
	// AccessKey is masked but for its end.
	AccessKey string `json:"access_key,omitempty"`
	// Temporary keys are for S3 alone.
	Temporary bool `json:"temporary,omitempty"`
}

// Setting is a flag, its value and where that came from.
type Setting struct {
	Name string `json:"name"`
	// Value is the value, or all values of a flag that may be repeated, masked if it may hold a secret.
	Value  string   `json:"value"`
	Values []string `json:"values,omitempty"`
	// From is command_line, environment, account, config_file or default; Place is the variable or the file, Account the
	// [account.NAME] table in it.
	From    string `json:"from"`
	Place   string `json:"place,omitempty"`
	Account string `json:"account,omitempty"`
	// Remark tells commands with another default.
	Remark string `json:"remark,omitempty"`

	from string // for people
}

// viewOf returns what is in force for a command with the words of its command line, or without one for all commands.
func viewOf(env config.Env, root, target *cobra.Command) View {
	v := View{Schema: Schema, Settings: []Setting{}, Warnings: []string{}, Problems: []string{}}
	commands := []*cobra.Command{target}
	if target == root {
		commands = nil
		config.VisitCommands(root, func(c *cobra.Command) { commands = append(commands, c) })
		slices.SortStableFunc(commands, func(a, b *cobra.Command) int { return cmp.Compare(rank(a), rank(b)) })
	} else {
		v.Command = strings.TrimPrefix(target.CommandPath(), root.Name()+" ")
	}
	found := map[string]int{} // the place in Settings, by name
	for _, c := range commands {
		file, err := env.Fill(c)
		v.note(err)
		if chosen := env.Chosen(c); chosen != "" {
			v.note(file.CheckAccount(chosen))
			v.keys = file.KeysOf(chosen)
		}
		v.Accounts = file.Accounts()
		v.ConfigFile, v.Found, v.Rules = file.Path, file.Found, file.RuleCount()
		c.Flags().VisitAll(func(f *pflag.Flag) {
			i, known := found[f.Name]
			switch {
			case !config.Settable(f) || f.Hidden:
			case known:
				v.Settings[i].addDefault(c, f)
			default:
				found[f.Name] = len(v.Settings)
				v.Settings = append(v.Settings, settingOf(f))
			}
		})
	}
	slices.SortFunc(v.Settings, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
	return v
}

// rank orders commands: of several with the same flag, run's default is the one to show.
func rank(c *cobra.Command) int {
	if c.Name() == "run" {
		return 0
	}
	return 1
}

// addDefault tells the default of another command, if that is what counts there and differs.
func (s *Setting) addDefault(c *cobra.Command, f *pflag.Flag) {
	if s.From != fromDefault || f.DefValue == s.Value || f.DefValue == "" || f.DefValue == "[]" {
		return
	}
	s.Remark = strings.TrimPrefix(fmt.Sprintf("%s; %s: %s", s.Remark, c.Name(), f.DefValue), "; ")
}

// note adds the lines of an error to the problems, each once.
func (v *View) note(err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimRight(line, "\n"); !slices.Contains(v.Problems, line) {
			v.Problems = append(v.Problems, line)
		}
	}
}

// The values of Setting.From.
const (
	fromCommandLine = "command_line"
	fromEnvironment = "environment"
	fromAccount     = "account"
	fromConfigFile  = "config_file"
	fromDefault     = "default"
)

// settingOf returns the setting of a flag whose command is filled.
func settingOf(f *pflag.Flag) Setting {
	s := Setting{Name: f.Name, From: fromDefault}
	o := config.OriginOf(f)
	s.from = o.String()
	if o.File != "" { // its path stands above
		s.from = strings.Replace(s.from, " "+o.File, "", 1)
	}
	switch {
	case o.CommandLine:
		s.From = fromCommandLine
	case o.Variable != "":
		s.From, s.Place = fromEnvironment, o.Variable
	case o.Account != "":
		s.From, s.Place, s.Account = fromAccount, o.File, o.Account
	case o.File != "":
		s.From, s.Place = fromConfigFile, o.File
	}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		for _, value := range list.GetSlice() {
			s.Values = append(s.Values, mask(f.Name, value))
		}
		s.Value = strings.Join(s.Values, ", ")
		return s
	}
	s.Value = mask(f.Name, f.Value.String())
	return s
}

// addCredentials fills in where the credentials come from, and warns of files that others may read. It returns what hides the
// credentials in other texts.
func (v *View) addCredentials(env config.Env) *strings.Replacer {
	env.Account = v.keys
	keys, err := env.Keys(v.setting("profile").Value)
	switch {
	case errors.Is(err, config.ErrNoKeys):
		v.Credentials.Error = strings.Replace(err.Error(), "the credentials", "there are none", 1)
	case err != nil:
		v.Credentials.Error = err.Error()
	default:
		v.Credentials = Credentials{From: keys.Place(), AccessKey: keys.MaskedAccess(), Temporary: keys.Token != ""}
	}
	for _, path := range env.ReadableByOthers() {
		v.Warnings = append(v.Warnings, fmt.Sprintf("other users of this machine can read %s: `chmod 600 %s`", path, config.Quote(path)))
	}
	return env.Hider(keys)
}
