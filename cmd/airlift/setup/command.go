package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/settings"
	"airlift/cmd/airlift/term"
)

// Command returns `airlift init`.
func Command(around func() Around) *cobra.Command {
	var yes, force bool
	cmd := &cobra.Command{
		Use: "init [flags]", Short: "Ask for the settings, check them, and write the config file",
		Long: `init asks for what nearly every run needs: where AiR is, where the keys are, regions, services, the
bucket of the results, the rate and the queue. Each answer is checked at once. Then it shows the file and
writes it, readable by you alone. Keys never go into it. What a flag or variable gives is not asked; with
--yes nothing is, and the defaults are taken. A file that is there is changed only with --force; its
other settings, rules and comments stay.

Exit codes:
  0  the file is written, or is already what it would be
  1  the file cannot be written
  2  a setting is missing or wrong, or the file is there and --force is not given; nothing was written
  5  ended by a signal; nothing was written`,
		Example: `  airlift init
  airlift init --yes --air-url https://air.example.com --services ocr,s2t --destination-bucket results`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return config.Usagef("init wants no arguments, not %q: see `airlift init --help`", args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := &session{Around: around(), cmd: cmd, yes: yes, answers: map[string]string{}}
			return s.run(cmd.Context(), force)
		},
	}
	f := cmd.Flags()
	for _, q := range questions {
		if q.flag != "queue" { // which every command has
			f.String(q.flag, "", strings.ToLower(q.text[:1])+q.text[1:])
		}
	}
	f.BoolVar(&yes, "yes", false, "ask nothing: take the defaults of what no flag or variable gives")
	f.BoolVar(&force, "force", false, "change the config file that is there")
	config.CommandLineOnly(f, "yes", "force")
	settings.Tolerate(cmd)
	return cmd
}

// run asks, shows and writes.
func (s *session) run(ctx context.Context, force bool) error {
	path, _ := s.Env.Path(s.cmd)
	if path == "" {
		return config.Usagef("HOME is not set, so there is no place for the config file: name it with --config, or set XDG_CONFIG_HOME")
	}
	old, err := config.ReadSmall(path)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return config.Usagef("%v: name another file with --config, or mend this one", err)
	}
	if there && s.Asks && !force {
		_, _ = term.Fprintf(s.Screen, "There is a config file already, %s: this shows what would change, and --force changes it.\n", path)
	}
	if err := s.collect(ctx); err != nil {
		return err
	}
	content, err := newContent(string(old), s.settings())
	if err != nil {
		return config.Usagef("%s: %v: change it by hand, or name another file with --config", path, err)
	}
	if there && content == string(old) {
		_, err := term.Fprintf(s.Out, "%s is already so\n", path)
		return errors.Join(err, s.next(path))
	}
	shown := content
	if there {
		shown = string(diff.Diff(path, old, path+" (new)", []byte(content)))
	}
	if err := s.show(shown); err != nil {
		return err
	}
	if there && !force {
		return config.Usagef("%s is there, and stays as it is: --force changes it as shown, --config names another file", path)
	}
	return s.store(ctx, path, content)
}

// store writes the file once the user has confirmed it.
func (s *session) store(ctx context.Context, path, content string) error {
	err := s.confirm(ctx, path)
	if err == nil {
		err = write(ctx, path, content)
	}
	if err == nil {
		_, err = term.Fprintf(s.Out, "\nwrote %s\n", path)
	}
	if err == nil {
		err = s.next(path)
	}
	return err
}

// What a line of an old file may hold although it must not.
var (
	secretLine = regexp.MustCompile(`(?i)^([-+ ]?\s*"?[a-z0-9_-]*(secret|password|access.?key|token)[a-z0-9_-]*"?\s*=).*`)
	userOfURL  = regexp.MustCompile(`://[^/@\s"']+@`)
)

// show prints a text of several lines, without what looks like a secret.
func (s *session) show(text string) error {
	hide := s.Env.Hider(config.Keys{})
	for line := range strings.Lines(text) {
		line = hide.Replace(strings.TrimSuffix(line, "\n"))
		if m := secretLine.FindStringSubmatch(line); m != nil && !strings.Contains(m[1], "-file") {
			line = m[1] + " REDACTED"
		}
		if _, err := term.Fprintf(s.Out, "%s\n", userOfURL.ReplaceAllString(line, "://REDACTED@")); err != nil {
			return err
		}
	}
	return nil
}

// confirm asks before the file is written.
func (s *session) confirm(ctx context.Context, path string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !s.Asks || s.yes {
		return nil
	}
	_, _ = fmt.Fprintln(s.Screen)
	answer, err := s.prompt(ctx, "Write this to "+path+"? y or n", "y")
	if err == nil && !isYes(answer) {
		err = &exit.Error{Code: exit.Usage, Text: "nothing was written, as you said: run `airlift init` again for other answers"}
	}
	return err
}

// next prints what to type next.
func (s *session) next(path string) error {
	where := ""
	if f := s.cmd.Flag("config"); f != nil && f.Changed {
		where = " --config " + config.Quote(path)
	}
	_, err := fmt.Fprintf(s.Out, "\nnext: airlift doctor%s\n then: airlift run --dry-run SOURCE%s\n", where, where)
	return err
}
