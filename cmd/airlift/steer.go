package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/service"
)

func (a *app) pauseCommand() *cobra.Command {
	var f flags.Pause
	cmd := &cobra.Command{
		Use: "pause [BATCH] [flags]", Short: "Send nothing more, or nothing of one batch, until it is resumed",
		Long: `pause makes the run in progress, and every later one, send nothing, or nothing of one batch: until
--for or --until is over, or until ` + "`airlift resume`" + `. What is on its way is awaited, items in doubt are looked
up, and sources are read. Without BATCH it is for all accounts, or for the one of --account; resume too.
` + exit.CodesHelp,
		Example: "  airlift pause\n  airlift pause archive-1a2b3c4d --for 2h\n  airlift pause --until 22:00 --reason 'the library needs AiR until then'",
		Args:    atMostOneBatch,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.Request(cmd, optionalBatch(args), time.Now())
			if err != nil {
				return err
			}
			return a.withService(cmd.Context(), func(to service.Queue) error {
				if r, err = f.Request(cmd, r.Batch, time.Now()); err != nil { // --for counts from now on
					return err
				}
				if r.Account, err = a.accounts.Chosen(cmd, to); err != nil {
					return err
				}
				if err := to.Pause(cmd.Context(), r); err != nil {
					return err
				}
				what, until := "", "`airlift resume`"
				if r.Account != "" && r.Batch == "" {
					what, until = " account "+r.Account, "`airlift resume --account "+r.Account+"`"
				}
				if r.Batch != "" {
					what, until = " batch "+r.Batch, "`airlift resume"+config.BatchWord(r.Batch)+"`"
				}
				if !r.Until.IsZero() {
					until = r.Until.UTC().Format(time.RFC3339)
				}
				_, err := term.Fprintf(a.out, "paused%s until %s\n", what, until)
				return err
			})
		},
	}
	f.Add(cmd)
	return cmd
}

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume [BATCH]", Short: "Lift a pause or stop",
		Long: `resume lifts what keeps items from being sent: ` + "`airlift pause`" + `, a pause (daily cap) or a stop
(monthly quota) that an answer of AiR has caused, because you know that AiR accepts jobs again. Sending
still begins with a single request. With BATCH it lifts the pause of that batch alone or, if it is not
paused, what its canary sample holds (see airlift help quotas).
` + exit.CodesHelp,
		Example: "  airlift resume\n  airlift resume archive-1a2b3c4d", Args: atMostOneBatch,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), func(to service.Queue) error {
				account, err := a.accounts.Chosen(cmd, to)
				if err != nil {
					return err
				}
				was, err := to.Resume(cmd.Context(), service.ResumeRequest{Account: account, Batch: optionalBatch(args)})
				if err != nil {
					return err
				}
				_, err = io.WriteString(a.out, liftedText(was))
				return err
			})
		},
	}
}

// liftedText says what was lifted, a line each.
func liftedText(was service.Resumed) (text string) {
	if was.Paused {
		text = term.Sprintf("lifted: %s\n", cmp.Or(was.Reason, "a pause by hand"))
	}
	if was.Gate != (queue.Gate{}) {
		text += term.Sprintf("lifted: %s\n", cmp.Or(was.Gate.Reason, "a pause or stop that AiR caused"))
	}
	if was.Canary != "" {
		text += term.Sprintf("lifted: the canary sample, which was %s: the rest of the batch is sent without it\n", string(was.Canary))
	}
	if text == "" {
		text = "there was neither a pause nor a stop\n"
	}
	for _, id := range was.Still {
		text += term.Sprintf("batch %s is paused by itself: `airlift resume%s` lifts that\n", id, config.BatchWord(id))
	}
	return text
}

func (a *app) setCommand() *cobra.Command {
	var f flags.Set
	cmd := &cobra.Command{
		Use: "set [BATCH] [flags]", Short: "Change rate, windows, workers, limits or a batch's share, also of a run in progress",
		Long: `set changes how fast items are sent: at once if a run is in progress, and for every later run until it is
changed again, whatever the flags of that run say. Of several accounts name one with --account. --reset makes those count again. Without flags it shows what is set.

The batches of a queue take turns; --share N gives BATCH N turns where others have one.
` + exit.CodesHelp,
		Example: "  airlift set --rate 20/s --workers 16\n  airlift set --rate auto --max-rate 20/s\n  airlift set --window off\n  airlift set tonight-1a2b3c4d --share 10\n  airlift set --reset",
		Args:    atMostOneBatch,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.Request(cmd, optionalBatch(args))
			if err != nil {
				return err
			}
			return a.withService(cmd.Context(), func(to service.Queue) error {
				if r.Account, err = a.accounts.Chosen(cmd, to); err != nil {
					return err
				}
				now, err := to.Set(cmd.Context(), r)
				if err != nil {
					return err
				}
				_, err = term.Fprintf(a.out, "%s\n", setText(r.Batch, now))
				return err
			})
		},
	}
	f.Add(cmd)
	return cmd
}

// rateText writes a stored rate as --rate takes it.
func rateText(perSecond float64) string {
	if perSecond >= service.UnlimitedRate {
		return "unlimited"
	}
	return ratelimit.FormatRate(rate.Limit(perSecond))
}

// setText says what is set.
func setText(batch string, now service.InForce) string {
	var set []string
	if c := now.Control; c.AutoRate {
		set = append(set, "rate auto")
	} else if c.Rate > 0 {
		set = append(set, "rate "+rateText(c.Rate))
	}
	if most := now.Control.MaxRate; most > 0 {
		set = append(set, "highest rate "+rateText(most))
	}
	if n := now.Control.MonthlyLimit; n != nil {
		set = append(set, "monthly limit "+term.Number(*n))
	}
	if c := now.Control; c.RateTable != "" {
		set = append(set, "rate "+c.RateTable)
	}
	if w := now.Control.Windows; w != nil {
		set = append(set, "window "+cmp.Or(strings.Join(*w, ", "), "off"))
	}
	if zone := now.Control.TimeZone; zone != "" {
		set = append(set, "time zone "+zone)
	}
	if n := now.Control.Workers; n > 0 {
		set = append(set, fmt.Sprintf("workers %d", n))
	}
	if n := now.Control.DailyLimit; n != nil {
		set = append(set, "daily limit "+term.Number(*n))
	}
	if batch != "" {
		set = append(set, fmt.Sprintf("share of batch %s %d", batch, now.Batch.Weight()))
	}
	if len(set) == 0 {
		return "nothing is set: the flags of each run count"
	}
	return "set: " + strings.Join(set, ", ")
}
