package main

import (
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/service"
)

func (a *app) forecastCommand() *cobra.Command {
	var o flags.Forecast
	cmd := &cobra.Command{
		Use: "forecast [BATCH...]", Short: "Say between which dates the batches will be done, and what it takes to be faster",
		Long: `forecast says between which dates the batches will be done: a range that holds the truth four times in
five, with what it rests on, and what will be sent on each day. It rests on what is left, the rate and
the daily limit, AiR's daily cap and the use that others make of it as far as they were seen, and a
pause in force. A cap that changes later cannot be foreseen. See ` + "`airlift help quotas`" + `.

--what-if shows the forecast for other values; nothing is set. --by says what it takes to be done by a
date, or why that cannot be. While a stop or a pause by hand is in force nothing is forecast.
` + exit.CodesHelp,
		Example: `  airlift forecast
  airlift forecast archive-1a2b3c4d --what-if rate=20/s,daily=40000
  airlift forecast --by 2026-03-14 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := o.Query(args)
			if err != nil {
				return err
			}
			var f service.Forecasts
			err = a.withQueue(cmd.Context(), connect.Anywhere, func(db queue.Store, opened time.Time) error {
				f, err = a.service(db, opened).Forecast(cmd.Context(), q)
				return err
			})
			switch {
			case err != nil:
				return err
			case o.JSON:
				return term.JSON(a.out, f)
			}
			none, _ := a.getenv("NO_COLOR")
			columns, _ := a.getenv("COLUMNS")
			return term.Forecast(a.exact, &f, term.ViewOn(a.exact, columns, none == ""), o.ByDay)
		},
	}
	o.Add(cmd)
	return cmd
}
