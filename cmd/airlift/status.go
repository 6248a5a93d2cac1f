package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/plan"
	"airlift/worker/service"
	"airlift/worker/service/api"
)

// stale is how old a status file may be while another process holds the queue, before that is said.
const stale = 5 * statusEvery

func (a *app) statusCommand() *cobra.Command {
	var asJSON, watch bool
	var limits flags.Limits
	cmd := &cobra.Command{
		Use: "status [BATCH]", Short: "Show counts, rate, gate and forecast",
		Long: `status shows how the batches stand. While another process holds the queue it asks that
process or, if it cannot be asked, shows what it last wrote to <queue>.status.json.

When a batch is done is reckoned as ` + "`airlift plan`" + ` does: with the daily limit or, without one, AiR's
daily cap as far as it was met, and a pause in force; during a run with that run's settings, else with
--rate and --daily-limit. While a stop is in force nothing is forecast.
` + exit.CodesHelp,
		Example: "  airlift status\n  airlift status archive-1a2b3c4d --json",
		Args:    atMostOneBatch,
		RunE: func(cmd *cobra.Command, args []string) error {
			assumed, err := limits.Parse()
			switch {
			case err != nil:
				return err
			case watch && asJSON:
				return config.Usagef("--watch shows a screen: give it without --json")
			case watch:
				return a.watch(cmd, args, time.Minute)
			}
			all, err := a.status(cmd, args, assumed)
			if err != nil {
				return err
			}
			if asJSON {
				return term.JSON(a.out, append([]service.Status{}, all...)) // an array, be it empty
			}
			if len(all) == 0 {
				a.log.Info().Msg("the queue is empty")
			}
			for i := range all {
				if err := term.Status(a.out, &all[i], nil, ""); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array with an object for each batch")
	cmd.Flags().BoolVar(&watch, "watch", false, "show the whole screen as it changes, like airlift watch")
	limits.Add(cmd, " while no run is going on")
	return cmd
}

// status returns how the asked batches stand, from the queue or from the process that holds it.
func (a *app) status(cmd *cobra.Command, args []string, limits plan.Limits) ([]service.Status, error) {
	a.global.waitLock = 0 // it shows what the holder wrote last
	db, err := a.openQueue(cmd.Context(), connect.Anywhere, false)
	if errors.Is(err, queue.ErrLocked) && !errors.Is(err, api.ErrVersion) {
		return a.statusFromFile(args)
	}
	if err != nil {
		return nil, a.explainMissing(err)
	}
	to := a.service(db, time.Now())
	all, err := to.Status(cmd.Context(), service.StatusQuery{Batches: args, Limits: &limits})
	if chosen, wrong := a.accounts.Chosen(cmd, to); chosen != "" {
		all = slices.DeleteFunc(all, func(s service.Status) bool { return s.Account != chosen })
		err = errors.Join(err, wrong)
	}
	if !connect.Holds(db) { // only a holder has a run
		if o, unseen := to.Overview(cmd.Context()); unseen == nil { // a detail: the status tells all else without it
			for i := range all {
				all[i].Limit = limitOf(o, all[i].Account)
			}
		}
	}
	return all, errors.Join(err, db.Close())
}

// limitOf says what limits the run of an account; "": there is none.
func limitOf(o service.Overview, account string) string {
	for _, one := range o.Accounts {
		if one.Name == account && one.Run != nil {
			return one.Run.Limit
		}
	}
	return ""
}

// statusFromFile returns what the process that holds the queue last wrote.
func (a *app) statusFromFile(args []string) ([]service.Status, error) {
	file, err := a.readStatusFile()
	if err != nil {
		return nil, err
	}
	if age := time.Since(file.Updated); age > stale {
		a.log.Warn().Time("updated", file.Updated).Msg("another process holds the queue, but has not renewed its status: what follows is old")
	}
	if len(args) == 0 {
		return file.Batches, nil
	}
	for _, s := range file.Batches {
		if s.Batch == args[0] {
			return []service.Status{s}, nil
		}
	}
	return nil, config.Usagef("another process holds the queue, and its status shows no batch %q: check the id, or try again in a few seconds", args[0])
}

func (a *app) watchCommand() *cobra.Command {
	var every time.Duration
	cmd := &cobra.Command{
		Use: "watch [BATCH]", Short: "Show the queue and its run on the whole screen, as they change",
		Long: `watch shows a bar for each batch, the rate and what limits it, the gate and how long it stays closed,
the forecast, the codes of failed items with an example each, and the last events. It follows a run
in another process, or a queue at rest, and changes nothing; q or Ctrl-C ends it. With --account it
shows that account and its batches alone.

Without a terminal it writes lines instead, at most every --every, and only if something has changed.
NO_COLOR in the environment turns the colors off.
` + exit.CodesHelp,
		Example: "  airlift watch\n  airlift watch archive-1a2b3c4d\n  airlift watch --every 10m >> progress.log",
		Args:    atMostOneBatch,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.watch(cmd, args, every) },
	}
	cmd.Flags().DurationVar(&every, "every", time.Minute, "how often lines are written without a terminal")
	return cmd
}

// ofAccount returns the overview of the account that the user has chosen, or of all.
func (a *app) ofAccount(cmd *cobra.Command, o service.Overview) (service.Overview, error) {
	chosen, err := a.accounts.ChosenOf(cmd, func() (names []string, _ error) {
		for _, known := range o.Accounts {
			names = append(names, known.Name)
		}
		return names, nil
	})
	if chosen == "" || err != nil {
		return o, err
	}
	one, ok := term.OfAccount(o, chosen)
	if !ok {
		return o, config.Usagef("the queue at %s has no batch of the account %s: `airlift status` lists its batches", a.queuePath(), chosen)
	}
	return one, nil
}

// watch shows overviews, of one batch or account if one is named, until the user ends it.
func (a *app) watch(cmd *cobra.Command, batch []string, every time.Duration) error {
	ctx := cmd.Context()
	if every <= 0 {
		return config.Usagef("--every %v: give a duration above 0, such as 1m", every)
	}
	if _, err := a.locateQueue(); err != nil {
		return err
	}
	watcher := connect.Watcher{Config: a.connection()}
	defer watcher.Close() // only a connection
	now := func(ctx context.Context) (service.Overview, error) {
		o, err := watcher.Overview(ctx)
		if err != nil {
			return o, a.explainMissing(err)
		}
		if len(batch) == 0 {
			return a.ofAccount(cmd, o)
		}
		one, ok := term.OfBatch(o, batch[0])
		if !ok {
			return o, config.Usagef("the queue at %s has no batch %q: `airlift status` lists its batches", a.queuePath(), batch[0])
		}
		return one, nil
	}
	if _, err := now(ctx); exit.IsUsage(err) {
		return err // no queue, or no such batch; other errors may pass
	}
	name, _ := a.getenv("TERM")
	if !term.IsTerminal(a.exact) || name == "dumb" {
		return term.WatchLines(ctx, a.out, every, now)
	}
	none, _ := a.getenv("NO_COLOR")
	return term.Watch(ctx, a.in, a.exact, none == "", now)
}
