package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/term"
	"airlift/queue/intake"
)

// maxWarnings bounds how many variables are named.
const maxWarnings = 10

func (a *app) env() config.Env { return config.Env{Lookup: a.getenv, List: a.environ} }

// settle sets each flag that the command line does not give: from the environment, else from the config file, whose rules
// become a's.
func (a *app) settle(cmd *cobra.Command) error {
	file, err := config.ReadFile(a.configPath(cmd))
	if err != nil {
		return err
	}
	if file.Rules != nil {
		if a.rules, err = intake.ParseRules(file.Rules); err != nil {
			return usagef("%s: %v", file.Path, err)
		}
	}
	return config.Fill(cmd.Flags(), settingNames(cmd.Root()), a.env(), file)
}

// configPath returns the path of the config file, and whether the user named it; "" if there is no place for one.
func (a *app) configPath(cmd *cobra.Command) (path string, asked bool) {
	if f := cmd.Flags().Lookup("config"); f != nil {
		return a.env().Path(f.Value.String(), f.Changed)
	}
	return a.env().Path("", false)
}

// settingNames returns the settings that the environment and the config file may give, of all commands.
func settingNames(root *cobra.Command) (all []string) {
	visitCommands(root, func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if config.IsSetting(f.Name) {
				all = append(all, f.Name)
			}
		})
	})
	slices.Sort(all)
	return slices.Compact(all)
}

func visitCommands(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		visitCommands(sub, visit)
	}
}

// warnOfVariables warns of AIRLIFT_ variables that are no setting. Their values are not shown: one may be a secret.
func (a *app) warnOfVariables(cmd *cobra.Command) {
	known := settingNames(cmd.Root())
	unknown := a.env().UnknownVariables(known)
	for i, name := range unknown {
		if i == maxWarnings {
			a.log.Warn().Msgf("%d more AIRLIFT_ variables are no setting either", len(unknown)-i)
			return
		}
		a.log.Warn().Str("variable", term.Cut(name, 100)).Msg("this environment variable is no setting of airlift and does nothing" + config.MeantVariable(name, known))
	}
}
