package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/plan"
	"airlift/worker/service"
)

// stale is how old a status file may be while another process holds the queue, before that is said.
const stale = 5 * statusEvery

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	var limits flags.Limits
	cmd := &cobra.Command{
		Use: "status [BATCH]", Short: "Show counts, rate, gate and forecast",
		Long: `status shows how the batches stand. While another process holds the queue it asks that
process or, if it cannot be asked, shows what it last wrote to <queue>.status.json.

When a batch is done is reckoned as ` + "`airlift plan`" + ` does: with the daily limit or, without one, AiR's
daily cap as far as it was met, and a pause in force; during a run with that run's settings, else with
--rate and --daily-limit. While a stop is in force nothing is forecast.
` + exitCodesHelp,
		Example: "  airlift status\n  airlift status archive-1a2b3c4d --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("status takes one BATCH at most")
			}
			assumed, err := limits.Parse()
			if err != nil {
				return err
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
	limits.Add(cmd, " while no run is going on")
	return cmd
}

// status returns how the asked batches stand, from the queue or from the process that holds it.
func (a *app) status(cmd *cobra.Command, args []string, limits plan.Limits) ([]service.Status, error) {
	db, err := a.openQueue(connect.Anywhere, false)
	if errors.Is(err, queue.ErrLocked) {
		return a.statusOfOther(args)
	}
	if err != nil {
		return nil, a.explainMissing(err)
	}
	all, err := a.service(db, time.Now()).Status(cmd.Context(), service.StatusQuery{Batches: args, Limits: &limits})
	return all, errors.Join(err, db.Close())
}

// statusOfOther returns what the process that holds the queue says.
func (a *app) statusOfOther(args []string) ([]service.Status, error) {
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
	return nil, usagef("another process holds the queue, and its status shows no batch %q: check the id, or try again in a few seconds", args[0])
}
