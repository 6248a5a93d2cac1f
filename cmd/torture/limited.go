package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// hooked is the file to which the hooks of a round append what they are given.
const hooked = "hooked.txt"

// finished is in each event that says that nothing of a batch is left.
const finished = `"event":"finished"`

// limited is what a round sees of its limits.
type limited struct {
	ownLifted, secondLifted, waived atomic.Bool
	receiver                        string // its URL

	mu sync.Mutex
	// The fields below are guarded by mu.
	accepted  map[string][]time.Time // by batch, by the sandbox's clock
	delivered int
	finished  bool // a notification said so
	wrong     []error
}

func (l *limited) bad(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) < 5 {
		l.wrong = append(l.wrong, fmt.Errorf(format, args...))
	}
}

// all returns how many jobs of each batch were accepted.
func (l *limited) all() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent := map[string]int{}
	for batch, times := range l.accepted {
		sent[batch] = len(times)
	}
	return sent
}

// note books a job and checks the limits that it must keep.
func (r *round) note(j air.Job) {
	l, p, now := &r.limits, r.plan.limits, r.air.Now()
	l.mu.Lock()
	if l.accepted == nil {
		l.accepted = map[string][]time.Time{}
	}
	l.accepted[j.Batch] = append(l.accepted[j.Batch], now)
	own, open := 0, map[bool]int{} // by whether it is of the second account
	for batch, times := range l.accepted {
		second := p.Second && batch == otherBatch
		if !second {
			own += len(times)
		}
		for _, at := range times {
			if at.After(now.Add(booked - p.Lifecycle)) {
				open[second]++
			}
		}
	}
	l.mu.Unlock()
	if p.Own > 0 && own > p.Own && !l.ownLifted.Load() {
		l.bad("LIMIT: %d jobs with %s %d", own, p.OwnFlag, p.Own)
	}
	for second, n := range open {
		if p.MaxOpen > 0 && n > p.MaxOpen {
			l.bad("LIMIT: %d jobs open with --max-open %d (of the second account: %v)", n, p.MaxOpen, second)
		}
	}
}

// booked is how much later than it was accepted a job may be booked.
const booked = 100 * time.Millisecond

// limitSettings adds to the sandbox's settings what the limits of a round need.
func (p *plan) limitSettings(c *airtest.Config) {
	c.Lifecycle = airtest.Duration(p.Lifecycle)
	c.MonthlyQuota = p.Quota
	if p.Second { // each account with its own caps, and none of those of the round
		c.Accounts = map[string]airtest.Account{secondAccessKey: {MonthlyQuota: p.SecondQuota}}
	}
}

// prepare writes what the limits of a round need, and returns what ends the receiver of notifications.
func (r *round) prepare() (end func() error, err error) {
	end = func() error { return nil }
	if r.plan.Second {
		path := filepath.Join(r.dir, "airlift.toml")
		if err := os.WriteFile(path, []byte(accountsTOML), 0o600); err != nil {
			return nil, err
		}
		r.env = append(r.env, "AIRLIFT_CONFIG="+path, "SECOND_ACCESS_KEY="+secondAccessKey, "SECOND_SECRET_KEY="+secondSecretKey)
	}
	if !r.plan.Notify {
		return end, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.limits.receiver = "http://" + l.Addr().String() + "/told"
	server := &http.Server{Handler: http.HandlerFunc(r.told), ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	return func() error { err := server.Close(); serving.Wait(); return err }, nil
}

// beside enqueues the other batch, if it is of the second account and nobody else does, so that both accounts have work.
func (r *round) beside(ctx context.Context) error {
	if !r.plan.Second || len(r.plan.Company) > 0 {
		return nil
	}
	_, err := r.plain(ctx, slices.Concat([]string{"enqueue", "night.csv", "--batch", otherBatch}, r.plan.account())...)
	return err
}

// told takes a notification; the first ones get no answer.
func (r *round) told(_ http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // its sender was killed
	}
	r.log.add("notified: %s", body)
	if bad := secret(body); bad != "" {
		r.limits.bad("a notification has %q", bad)
	}
	r.limits.mu.Lock()
	r.limits.delivered++
	r.limits.finished = r.limits.finished || bytes.Contains(body, []byte(finished))
	n := r.limits.delivered
	r.limits.mu.Unlock()
	if n <= r.plan.Hang {
		<-q.Context().Done()
	}
}

// secret returns what a text has that none may have.
func secret(text []byte) string {
	for _, s := range []string{accessKey, secretKey, secondAccessKey, secondSecretKey} {
		if bytes.Contains(text, []byte(s)) {
			return s
		}
	}
	return ""
}

// lift lifts AiR's monthly quota while a run waits it out, and resumes what has paused for a 403, until ctx is done.
func (r *round) lift(ctx context.Context) error {
	for r.plan.Quota > 0 {
		if err := pause(ctx, time.Second); err != nil {
			return nil // the round is over, or cut off
		}
		if r.air.Statuses()[http.StatusForbidden] == 0 {
			continue
		}
		err := r.air.Change(func(s *airtest.Settings) { s.MonthlyQuota = 0 })
		if err = errors.Join(err, r.liftSecond(), r.steer(context.WithoutCancel(ctx), act{Kind: doResume})); err != nil {
			return err
		}
	}
	return nil
}

// liftSecond lifts the monthly quota of the second account.
func (r *round) liftSecond() error {
	r.limits.secondLifted.Store(true)
	return r.air.Change(func(s *airtest.Settings) {
		if r.plan.Second {
			s.Accounts = map[string]airtest.Account{secondAccessKey: {}}
		}
	})
}

// limitedEnd reports whether a limit of the round has ended a command, and lifts it.
func (r *round) limitedEnd(ctx context.Context, g result) (ended bool, err error) {
	switch {
	case g.code == 3:
		return r.quotaEnd(g)
	case g.code == 8 && r.plan.Canary > 0 && g.says("canary sample"):
		return r.sampleEnd(ctx, g)
	case g.code == 5 && r.plan.Own > 0 && (g.says("our own daily limit") || g.says("our own monthly limit")):
		r.limits.ownLifted.Store(true)
		return true, nil
	}
	return false, nil
}

// quotaEnd is limitedEnd for the monthly quota of the second account.
func (r *round) quotaEnd(g result) (ended bool, err error) {
	switch {
	case g.says("a proxy or firewall in between"):
		return false, nil
	case r.plan.Quota > 0:
		return false, g.fails("it must wait")
	case r.plan.SecondQuota > 0 && g.says("monthly quota reached") && (r.crowded || !r.limits.secondLifted.Load()):
		return true, r.liftSecond()
	}
	return false, nil
}

// sampleEnd is limitedEnd for a sample that has failed: nothing else was sent, and the rig decides that the rest is.
func (r *round) sampleEnd(ctx context.Context, g result) (ended bool, err error) {
	if r.crowded { // others may have lifted it, and do the rest again
		_, err := r.plain(ctx, "resume", r.plan.Batch)
		return true, err
	}
	if r.limits.waived.Swap(true) {
		return false, g.fails("the rest was to be sent without a sample")
	}
	sum, err := r.status(ctx)
	if err != nil {
		return false, err
	}
	if n := r.limits.all()[sum.Batch]; n > r.plan.Canary && len(r.plan.Company) == 0 {
		return false, g.fails("%d jobs were accepted, and the sample has failed", n)
	}
	_, err = r.plain(ctx, "resume", sum.Batch)
	return true, err
}

// verifyLimits returns what was wrong with the limits, and what a hook was given that it must not have.
func (r *round) verifyLimits() error {
	text, err := os.ReadFile(filepath.Join(r.dir, hooked))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if s := secret(text); s != "" {
		r.limits.bad("a hook was given %q", s)
	}
	r.limits.mu.Lock()
	defer r.limits.mu.Unlock()
	if r.plan.Way != runIt { // it tells of what it has finished, and that may have been done before
		return errors.Join(r.limits.wrong...)
	}
	if r.plan.Notify && r.plan.Hang == 0 && !r.limits.finished {
		r.limits.wrong = append(r.limits.wrong, errors.New("that the batch is finished was not notified"))
	}
	if r.plan.Hook && !bytes.Contains(text, []byte(finished)) {
		r.limits.wrong = append(r.limits.wrong, errors.New("no hook was told that the batch is finished"))
	}
	return errors.Join(r.limits.wrong...)
}
