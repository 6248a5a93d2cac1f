package main

import (
	"context"
	"net"
	"net/http"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// The keys of all rounds. No output of airlift may show them.
const (
	accessKey = "AKIAIRLIFTTORTURE001"
	secretKey = "sEcrEt/airlift/torture/canary+0123456789"
)

// newServer makes the sandbox of a round. Its hooks look at the stage of the moment.
func (r *round) newServer() *airtest.Server {
	p := &r.plan
	c := airtest.Config{
		AccessKey: accessKey, SecretKey: secretKey, NoDate: p.NoDate,
		Settings: airtest.Settings{
			ListLag: airtest.Duration(p.Lag), Latency: airtest.Duration(p.Latency), DailyCap: p.DailyCap,
			PageCap: p.PageCap, NullEmptyPage: p.NullPages, TurningTies: airtest.Duration(p.Ties),
		},
		MidnightIn: p.MidnightIn,
		Script:     r.fault,
		OnRequest: func(q airtest.Request) {
			r.log.request(q)
			if p.MidnightIn > 0 && r.midnightPassed(q.At) {
				_ = r.air.Change(func(s *airtest.Settings) { s.DailyCap = 0 }) // valid
			}
			if s := r.stage.Load(); s != nil {
				s.arrived(q.Method)
			}
		},
		OnAccept: func(j air.Job) {
			r.log.add("accepted %s %q", j.ID, j.Source.ObjectKey)
			r.note(j)
			if s := r.stage.Load(); s != nil {
				s.accepted(p.Timeout / 2)
			}
		},
	}
	if p.NamesInPart {
		c.NameMatch = airtest.NamePartial
	}
	if p.BarePages {
		c.PageFields = airtest.PageFieldsNone
	}
	p.limitSettings(&c)
	if p.Day > 0 {
		c.Clock = shortDays(p.Day)
	}
	return airtest.NewServer(c)
}

// fault returns the fault of a request, within the budgets of the round.
func (r *round) fault(q airtest.Request) airtest.Fault {
	f := r.plan.fault(q)
	if s := r.stage.Load(); s != nil && f.Kind == airtest.WrongEcho && q.Method == http.MethodGet {
		s.faults.mislead()
	}
	if f.Kind == airtest.None || q.Method != http.MethodPost {
		return f
	}
	kind := f.Kind
	if refuses(f) {
		kind = airtest.Reject400
	}
	if most, bounded := budgets[kind]; bounded {
		r.mu.Lock()
		r.spent[kind]++
		over := r.spent[kind] > most
		r.mu.Unlock()
		if over {
			return airtest.Fault{}
		}
	}
	r.log.add("fault %s for the POST of %q", f.Kind, q.Job.Source.ObjectKey)
	if s := r.stage.Load(); s != nil {
		s.faults.note(f)
	}
	return f
}

// serve starts the sandbox and returns its URL and what ends it.
func (r *round) serve() (url string, end func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.air.Serve(ctx, l) }()
	return "http://" + l.Addr().String(), func() error { cancel(); return <-done }, nil
}
