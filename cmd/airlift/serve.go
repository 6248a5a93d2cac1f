package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/worker/service"
	"airlift/worker/service/notify"
)

func (a *app) serveCommand() *cobra.Command {
	var send flags.Send
	cmd := &cobra.Command{
		Use: "serve [flags]", Short: "Hold the queue, send what is in it, and wait for more",
		Long: `serve holds the queue and sends what is pending in all its batches; then it waits for more, until a signal
ends it in good order: with exit code 5 if items are left, which the next serve sends, else with 0. On a
machine that has it always on, ` + "`airlift run`" + ` hands its rows to serve and waits for its batch. A daily cap, an outage or a monthly quota is waited for or ends it as they do run.

Under systemd (Type=notify) it says when it is ready and what it does, and feeds the watchdog.
` + exit.CodesHelp,
		Example: "  airlift serve --air-url https://air.example.com --rate 20/s\n  airlift serve & airlift run archive.csv --services ocr ...",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.serve(cmd, &send) },
	}
	send.Add(cmd)
	return cmd
}

func (a *app) serve(cmd *cobra.Command, s *flags.Send) error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.Report != "" {
		return config.Usagef("serve works all batches, and --report writes one: use `airlift report`")
	}
	ctx, cancel := s.Limited(cmd.Context())
	defer cancel()
	all := a.senders(cmd, nil, s)
	defer all.Close()
	names, missing, err := all.SetUp()
	if err == nil {
		err = missing.Err()
	}
	if err != nil {
		return err
	}
	db, err := a.openQueue(ctx, connect.Here, true)
	if err != nil {
		return err
	}
	defer db.Close() // what was acknowledged is durable
	var to service.Queue
	to = a.serviceOf(db, service.Config{Opened: time.Now(), OnFed: a.heap().Grow, Watch: func(done <-chan struct{}, now func(all bool) []service.Status) {
		var reporting sync.WaitGroup
		defer reporting.Wait()
		reporting.Go(func() { a.reporter.Watch(done, to.Overview) })
		a.watchServing(done, now)
	}})
	if err := a.begin(ctx, db, to); err != nil {
		return err
	}
	a.log.Info().Str("queue", a.queuePath()).Msg("holding the queue: other commands ask this process; a signal ends it in good order")
	chosen := a.env().Chosen(cmd)
	out := to.Run(ctx, service.RunRequest{PoolOf: all.PoolOf, Accounts: names, Account: chosen, Serve: true})
	signaled, left := exit.IsA[*exit.Interrupted](out.Err), exit.Left(out, chosen)
	if signaled && !left { // the usual end
		a.reporter.End(context.WithoutCancel(ctx), to.Overview, notify.End{Outcome: out, Text: exit.EndText(out)})
		out.Err = exit.WithoutSignal(out.Err)
	}
	return a.finish(context.WithoutCancel(ctx), to, out, s, signaled && left)
}

// watchServing writes the status file and tells systemd how the work stands, until done.
func (a *app) watchServing(done <-chan struct{}, now func(all bool) []service.Status) {
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { a.keepStatusFile(done, now) })
	systemd := connect.NewSystemd(a.getenv, os.Getpid())
	systemd.Notify("READY=1")
	defer systemd.Notify("STOPPING=1")
	t := time.NewTicker(systemd.Every())
	defer t.Stop()
	for {
		systemd.Notify("WATCHDOG=1\nSTATUS=" + term.Serving(now(false)))
		select {
		case <-done:
			return
		case <-t.C:
		}
	}
}
