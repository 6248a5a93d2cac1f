package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/accounts"
	"airlift/cmd/airlift/checkup"
	"airlift/cmd/airlift/complete"
	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/heap"
	"airlift/cmd/airlift/sandbox"
	"airlift/cmd/airlift/settings"
	"airlift/cmd/airlift/setup"
	"airlift/cmd/airlift/tell"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/intake"
	"airlift/worker/service"
	"airlift/worker/service/api"
	"airlift/worker/service/eventlog"
	"airlift/worker/service/notify"
)

// app is one invocation: its streams and environment, so that tests can have their own.
type app struct {
	in io.Reader
	// out is for data, err for logs and errors. run wraps both so that they escape control characters (see package term).
	out, err io.Writer
	// exact and screen are the unescaped streams: exact for reports, screen for terminal control sequences.
	exact, screen io.Writer
	// line is the screen with a line of progress; nil: the screen is no terminal.
	line   *term.StatusLine
	getenv func(string) (string, bool)
	// environ lists the environment as os.Environ does; nil: not known.
	environ func() []string
	log     zerolog.Logger
	// events are the latest lines of log, for those who watch this process; progress are lines that are none.
	events   eventlog.Log
	progress zerolog.Logger
	// held is where log and progress are written.
	held *term.HeldLog
	// tally is what the command has sent, for its last line.
	tally exit.Tally
	// reporter tells others of what happens; nil: nobody is told.
	reporter *notify.Reporter
	// page is the page of the queue, as the flags say.
	page   connect.Page
	global globalFlags
	// rules are those of the config file; nil: it has none, and a batch's stored rules apply.
	rules    []queue.Rule
	accounts accounts.Settings
	// wrong is what is wrong with the settings, for the commands that work all the same.
	wrong error
	// services warns of unknown services.
	services intake.ServiceWarnings
}

func (a *app) heap() heap.Env { return a.getenv }

func (a *app) env() config.Env {
	return a.accounts.Env(config.Env{Lookup: a.getenv, List: a.environ})
}

// globalFlags are those of every command.
type globalFlags struct {
	config    string
	account   string
	queue     string
	logFormat string
	logLevel  string
	quiet     bool
	waitLock  time.Duration
}

const rootHelp = `airlift submits a whole media archive to Wasabi AiR, one job per object, and any rerun of
the same command resumes: every object gets exactly one job, nothing is lost, no quota is wasted.

Every flag except --help, --version, cancel's --all and those of pause and set can also be set as
AIRLIFT_<NAME> in the environment (--air-url as AIRLIFT_AIR_URL; flags that repeat take one value a
line) or by its name in the config file. The command line overrides the environment, which overrides the file.`

// run carries out one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	out, errs := term.NewWriter(a.out), term.NewWriter(a.err)
	if a.line != nil {
		errs = term.NewWriter(a.line)
	}
	a.exact, a.screen, a.out, a.err = a.out, a.err, out, errs
	a.log = zerolog.New(a.err).With().Timestamp().Logger()
	a.services.Suggest = config.Suggest
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	code := exit.Code(err)
	if a.held != nil {
		a.held.Release(code != exit.OK)
	}
	if err != nil { // before its work began, else that is told
		a.reporter.End(ctx, nil, notify.End{Outcome: service.Outcome{Err: err}, Code: code, Text: err.Error()})
	}
	a.reporter.Close()
	if err != nil && err.Error() != "" {
		fmt.Fprintf(a.err, "airlift: %s\n", errorText(ctx, err)) // it may have several lines
	}
	a.printTally(code)
	_, _ = out.Flush(), errs.Flush()
	return code
}

// errorText returns the text of an error; if it comes from the end of ctx, what ended that.
func errorText(ctx context.Context, err error) string {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		return cause.Error()
	}
	return err.Error()
}

func (a *app) rootCommand() *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use: "airlift COMMAND [flags]", Short: "Submit a media archive to Wasabi AiR, one job per object",
		Long: rootHelp + "\n" + exit.CodesHelp, SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return settings.NoCommand(cmd, args[0])
			}
			if version {
				return a.printVersion()
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Name() == cobra.ShellCompRequestCmd {
				return nil // the command that is being completed has the settings
			}
			if a.wrong = a.fillSettings(cmd); a.wrong != nil && !settings.Tolerates(cmd) {
				return a.wrong
			}
			if err := a.checkGlobal(cmd); err != nil {
				return err
			}
			if err := a.openLog(); err != nil {
				return err
			}
			a.env().WarnOfVariables(cmd, a.log)
			page, err := flags.Page(cmd)
			a.page = connect.Page{Place: page, Ending: cmd.Context().Done(), Log: a.progress, OnTerminal: term.IsTerminal(a.screen)}
			if err == nil {
				a.reporter, err = tell.Reporter(cmd, a.env(), "airlift/"+versionText(), a.queuePath(), a.accounts.File.KeyVariables(), a.log)
			}
			return errors.Join(err, a.accounts.Check(cmd), a.checkFiles(cmd, args))
		},
	}
	root.Flags().BoolVar(&version, "version", false, "print the version")
	f := root.PersistentFlags()
	f.StringVar(&a.global.config, "config", "", "the config file (TOML): default $XDG_CONFIG_HOME/airlift/config.toml")
	f.StringVar(&a.global.account, "account", "", "the account, one of the [account.NAME] tables of the config file: see airlift help accounts")
	f.StringVar(&a.global.queue, "queue", "", "the queue's database: default $XDG_STATE_HOME/airlift/queue.db")
	f.StringVar(&a.global.logFormat, "log-format", "auto", "how logs are written to standard error: auto, console or json")
	f.StringVar(&a.global.logLevel, "log-level", "info", "what is logged: debug, info, warn or error")
	f.BoolVar(&a.global.quiet, "quiet", false, "print nothing if all is well (exit code 0): no progress, no summary, no last line; see airlift help unattended")
	f.DurationVar(&a.global.waitLock, "wait-lock", 0, "how long to wait for another process that holds the queue and cannot be asked, or cannot do this command (default: about a second)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return config.FlagError(cmd, err)
	})
	root.CompletionOptions.HiddenDefaultCmd = false
	rehearsal := sandbox.Command(a.getenv, a.out, &a.log)
	rehearsal.Args = noArgs
	root.AddCommand(a.runCommand(), a.planCommand(), a.enqueueCommand(), a.submitCommand(), a.serveCommand(), a.statusCommand(), a.forecastCommand(), a.watchCommand(), a.pauseCommand(), a.resumeCommand(), a.setCommand(),
		a.itemsCommand(), a.showCommand(), a.reportCommand(), a.retryCommand(), a.cancelCommand(), a.reconcileCommand(),
		a.adoptCommand(),
		checkup.Command(func() checkup.Around {
			_, err := a.locateQueue()
			return checkup.Around{Flags: a.flags(), Out: a.out, Queue: a.queuePath(), QueueErr: err, Wrong: a.wrong, Build: versionText()}
		}),
		setup.Command(func() setup.Around {
			return setup.Around{Env: a.env(), In: a.in, Screen: a.screen, Asks: term.IsTerminal(a.in) && term.IsTerminal(a.screen), Out: a.out, Queue: a.namedQueue(), Build: versionText()}
		}),
		tell.Command(func() (*notify.Reporter, io.Writer) { return a.reporter, a.out }),
		settings.Command(func() settings.Around {
			return settings.Around{Env: a.env(), Out: a.out, Queue: a.namedQueue(), Wrong: a.wrong}
		}),
		rehearsal, a.checkCommand(), a.compactCommand(), a.versionCommand(),
		&cobra.Command{Use: "api", Short: "The calls that the holder of a queue answers", Long: api.Help()},
		topic("accounts", "Several AiR accounts in one queue: their tables in the config file, --account"),
		topic("metrics", "The metrics of a process that holds a queue, for Prometheus"),
		topic("quotas", "AiR's daily cap and monthly quota: how they are learned, what is done about them"),
		topic("settings", "The config file, variables, which of them counts; init, config show, doctor"),
		topic("unattended", "Running from cron, systemd or Kubernetes, and being told of what happens"),
		topic("contributing", "For contributors: packages, walks through the code, terms"))
	settings.HelpCommand(root)
	complete.Add(root, a.out, flags.Takeable, a.batchIDs)
	return root
}

// fillSettings sets each flag that the command line does not give, and the rules of the config file.
func (a *app) fillSettings(cmd *cobra.Command) error {
	var err error
	a.accounts, err = accounts.Fill(a.env(), cmd)
	if file := a.accounts.File; err == nil && file.Rules != nil {
		if a.rules, err = intake.ParseRules(file.Rules); err != nil {
			return config.Usagef("%s: %v", file.Path, err)
		}
	}
	return err
}

// batchIDs returns the batches of the queue that the command line names, or if another process holds it those that this
// one shows. It waits for nothing and makes nothing; errors are not reported, as the user is typing.
func (a *app) batchIDs(cmd *cobra.Command) []string {
	_ = a.fillSettings(cmd) // ignore errors: without the settings the queue may not be found
	path, err := a.locateQueue()
	if err != nil {
		return nil
	}
	ids, err := bolt.BatchIDs(path)
	if err != nil {
		file, _ := a.readStatusFile()
		for _, s := range file.Batches {
			ids = append(ids, s.Batch)
		}
	}
	return ids
}

// checkGlobal checks flags that every command has.
func (a *app) checkGlobal(cmd *cobra.Command) error {
	if a.global.waitLock < 0 {
		return config.Usagef("--wait-lock %v: use 0 or more, such as 5m", a.global.waitLock)
	}
	if a.global.account == "" && cmd.Flags().Changed("account") {
		return config.Usagef("--account is empty: name an account, or leave the flag out for that of no table")
	}
	return nil
}

// openLog sets the logger up as the flags say.
func (a *app) openLog() error {
	level, err := zerolog.ParseLevel(a.global.logLevel)
	if err != nil || level == zerolog.NoLevel {
		return config.Usagef("--log-level %q: use debug, info, warn or error", a.global.logLevel)
	}
	if a.global.quiet {
		level = max(level, zerolog.WarnLevel)
	}
	var w io.Writer = a.screen
	if a.line != nil {
		w = a.line
	}
	switch a.global.logFormat {
	case "auto", "console":
		w = term.ConsoleLog(w, a.line != nil)
	case "json":
		w = term.NewJSONWriter(w)
	default:
		return config.Usagef("--log-format %q: use auto, console or json", a.global.logFormat)
	}
	a.held = &term.HeldLog{To: zerolog.LevelWriterAdapter{Writer: w}}
	shown := &zerolog.FilteredLevelWriter{Writer: a.held, Level: level}
	a.progress = zerolog.New(shown).With().Timestamp().Logger()
	a.log = a.progress.Output(zerolog.MultiLevelWriter(shown, &a.events)).Level(min(level, zerolog.InfoLevel))
	return nil
}

// noArgs is cobra.NoArgs with exactArgs' message.
func noArgs(cmd *cobra.Command, args []string) error { return exactArgs(0, "no arguments")(cmd, args) }

// exactArgs is cobra.ExactArgs with a message that says what is wanted.
func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n && len(args) == 0 {
			list := ""
			if strings.Contains(what, "BATCH") {
				list = "`airlift status` lists the batches of the queue; "
			}
			return config.Usagef("%s wants %s, and none is given: %ssee `%s --help`", cmd.Name(), what, list, cmd.CommandPath())
		}
		if len(args) != n {
			return config.Usagef("%s wants %s, not %q: see `%s --help`", cmd.Name(), what, args, cmd.CommandPath())
		}
		return nil
	}
}

// atMostOneBatch accepts one BATCH at most.
func atMostOneBatch(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return config.Usagef("%s takes one BATCH at most, not %q: see `%s --help`", cmd.Name(), args, cmd.CommandPath())
	}
	return nil
}

// optionalBatch returns the BATCH that is given; empty: none.
func optionalBatch(args []string) string { return strings.Join(args, "") }

// version is set by the Makefile (-ldflags -X main.version=...).
var version = ""

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Long: "version prints the version, and what it was built with and for.\n" + exit.CodesHelp, Args: noArgs,
		Example: "  airlift version",
		RunE:    func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	_, err := fmt.Fprintf(a.out, "airlift %s (%s, %s/%s)\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
