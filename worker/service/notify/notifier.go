package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Config says who is told. The zero value of a field gives its default.
type Config struct {
	// URLs get each event by POST: https, or http on this machine.
	URLs []string
	// Hooks are commands for the shell that are run with each event.
	Hooks []string
	// Secret signs what is sent to URLs; empty: it is not signed.
	Secret []byte
	// Environ is the environment of the hooks, from which settings and keys of airlift are left out.
	Environ []string
	// Hide removes keys from the texts of events; nil: nothing is removed.
	Hide func(string) string
	// Queue is the queue of events that name none.
	Queue string
	// Agent names this program and its version.
	Agent string
	Log   zerolog.Logger
}

// maxWaiting is how many events wait for one target.
const maxWaiting = 32

// target is one that is told.
type target interface {
	// deliver delivers an event, with retries, until ctx is done.
	deliver(ctx context.Context, e Event) error
	// try delivers it without retries.
	try(ctx context.Context, e Event) error
	// String names it without secrets.
	String() string
}

// Notifier delivers events. A nil Notifier tells nobody. It is safe for concurrent use.
type Notifier struct {
	c         Config
	host      string
	all       []*mailbox
	ctx       context.Context
	cancel    context.CancelFunc
	delivered sync.WaitGroup
}

// New returns a notifier; nil if nobody is to be told.
//
// Errors: a URL that is not to be used. They do not show it.
func New(c Config) (*Notifier, error) {
	if c.Hide == nil {
		c.Hide = func(s string) string { return s }
	}
	var all []*mailbox
	var problems []error
	for i, raw := range c.URLs {
		hook, err := newWebhook(raw, i+1, c)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, newMailbox(hook))
	}
	for i, command := range c.Hooks {
		if strings.TrimSpace(command) == "" {
			problems = append(problems, fmt.Errorf("--hook %d is empty: give a command", i+1))
			continue
		}
		all = append(all, newMailbox(&hook{command: command, n: i + 1, environ: hookEnvironment(c.Environ)}))
	}
	if len(problems) > 0 || len(all) == 0 {
		return nil, errors.Join(problems...)
	}
	n := &Notifier{c: c, all: all}
	n.host, _ = os.Hostname() // empty: it is not known
	n.ctx, n.cancel = context.WithCancel(context.Background())
	for _, m := range all {
		n.delivered.Go(func() { n.work(m) })
	}
	return n, nil
}

// Tell delivers an event to all targets in the background.
func (n *Notifier) Tell(e Event) {
	if n == nil {
		return
	}
	e = n.complete(e)
	for _, m := range n.all {
		if dropped, err := m.add(e); err != nil {
			n.report(m, dropped, err)
		}
	}
}

// complete sets what all events have, and removes keys.
func (n *Notifier) complete(e Event) Event {
	e.Schema, e.Host = Schema, n.host
	if e.ID == "" {
		e.ID = rand.Text()
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.Queue == "" {
		e.Queue = n.c.Queue
	}
	e.Time = e.Time.UTC().Truncate(time.Millisecond)
	for _, text := range []*string{&e.Queue, &e.Account, &e.Batch, &e.Reason, &e.NextStep} {
		*text = n.c.Hide(*text)
	}
	return e
}

var (
	errTooMany = errors.New("too many events wait for it, and this one is the oldest")
	errNoTime  = errors.New("the process ends, and waits no longer for it")
)

// Close waits until all events are delivered, at most for the bound, and then drops the others and logs each.
func (n *Notifier) Close(bound time.Duration) {
	if n == nil {
		return
	}
	for _, m := range n.all {
		m.close()
	}
	over := time.AfterFunc(bound, n.cancel)
	n.delivered.Wait()
	over.Stop()
	n.cancel()
}

// work delivers the events of one target, one after another.
func (n *Notifier) work(m *mailbox) {
	for {
		e, ok := m.next()
		if !ok {
			return
		}
		err := n.ctx.Err()
		if err == nil {
			err = m.to.deliver(n.ctx, e)
		}
		if err != nil && n.ctx.Err() != nil {
			err = errNoTime
		}
		if err != nil {
			n.report(m, e, err)
		}
	}
}

// report logs that an event was not delivered: as an error, which is shown even with --quiet, for nobody else will tell of it. It
// names no URL.
func (n *Notifier) report(m *mailbox, e Event, err error) {
	log := n.c.Log.Error().Stringer("to", m.to).Str("event", string(e.Event)).Str("id", e.ID)
	if e.Batch != "" {
		log = log.Str("batch", e.Batch)
	}
	log.Err(err).Msg("a notification was not delivered")
}

// Result says how a target took an event.
type Result struct {
	To   string
	Err  error
	Took time.Duration
}

// Try delivers an event to each target once, without retries, and returns what came of it.
func (n *Notifier) Try(ctx context.Context, e Event) (all []Result) {
	e = n.complete(e)
	for _, m := range n.all {
		began := time.Now()
		err := m.to.try(ctx, e)
		all = append(all, Result{m.to.String(), err, time.Since(began)})
	}
	return all
}

// mailbox holds the events that wait for one target.
type mailbox struct {
	to target

	mu sync.Mutex
	// The fields below are guarded by mu.
	waiting []Event
	closed  bool
	changed chan struct{}
}

func newMailbox(to target) *mailbox { return &mailbox{to: to, changed: make(chan struct{}, 1)} }

// add adds an event. If there are too many already it drops the oldest of the same kind, else the oldest of all. It returns the
// event that is dropped with the reason.
func (m *mailbox) add(e Event) (dropped Event, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return e, errNoTime
	}
	if len(m.waiting) >= maxWaiting {
		err = errTooMany
		at := max(slices.IndexFunc(m.waiting, func(other Event) bool { return other.Event == e.Event }), 0)
		dropped = m.waiting[at]
		m.waiting = slices.Delete(m.waiting, at, at+1)
	}
	m.waiting = append(m.waiting, e)
	m.wake()
	return dropped, err
}

// close lets next return false once nothing waits.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.wake()
}

// wake wakes next. The caller holds mu.
func (m *mailbox) wake() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// next waits for an event and takes it out. It returns false if none will come.
func (m *mailbox) next() (Event, bool) {
	for {
		m.mu.Lock()
		if len(m.waiting) > 0 {
			e := m.waiting[0]
			m.waiting = m.waiting[1:]
			m.mu.Unlock()
			return e, true
		}
		closed := m.closed
		m.mu.Unlock()
		if closed {
			return Event{}, false
		}
		<-m.changed
	}
}
