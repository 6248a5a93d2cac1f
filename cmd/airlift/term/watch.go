package term

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"airlift/worker/service"
)

// Overviews returns the current overview.
type Overviews func(ctx context.Context) (service.Overview, error)

const (
	// watchEvery is how often a screen asks for an overview and moves its clock.
	watchEvery = time.Second
	// watchTimeout is how long one may take.
	watchTimeout = 10 * time.Second
)

// Watch shows overviews on the whole terminal until q, Ctrl-C or the end of ctx. Errors are shown, too. The error is that of
// the terminal. Watch does not call now after it has returned.
func Watch(ctx context.Context, in io.Reader, terminal io.Writer, colors bool, now Overviews) error {
	profile := colorprofile.ASCII
	if colors {
		profile = colorprofile.ANSI
	}
	if !IsTerminal(in) {
		in = nil // signals end it
	}
	ctx, cancel := context.WithCancel(ctx)
	asking := make(chan struct{}, 1) // has an element while an overview is asked for
	ask := func() (service.Overview, error) {
		asking <- struct{}{}
		defer func() { <-asking }()
		one, cancel := context.WithTimeout(ctx, watchTimeout)
		defer cancel()
		if one.Err() != nil { // Watch has returned
			return service.Overview{}, one.Err()
		}
		return now(one)
	}
	// With a profile given, no tmux and no terminfo is asked for one. Signals end ctx.
	p := tea.NewProgram(&screen{ask: ask, view: View{Color: colors, Now: time.Now()}},
		tea.WithInput(in), tea.WithOutput(terminal), tea.WithColorProfile(profile), tea.WithoutSignalHandler())
	defer context.AfterFunc(ctx, p.Quit)()
	_, err := p.Run()
	cancel()
	asking <- struct{}{} // what was asked last has been answered
	return err
}

// screen is the state of a watched screen; it implements tea.Model.
type screen struct {
	ask     func() (service.Overview, error)
	view    View
	latest  *service.Overview
	problem error
	asked   bool // and not answered
}

// tick moves the clock.
type tick time.Time

// answer is an overview, or why there is none.
type answer struct {
	overview service.Overview
	err      error
}

// Init asks for the first overview.
func (s *screen) Init() tea.Cmd { return s.tick(time.Now()) }

// Update takes a message.
func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.view.Width, s.view.Height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "Q", "ctrl+c", "ctrl+d":
			return s, tea.Quit
		case "ctrl+z":
			return s, tea.Suspend
		}
	case tick:
		return s, s.tick(time.Time(msg))
	case answer:
		s.asked, s.problem = false, msg.err
		if msg.err == nil {
			s.latest = &msg.overview
		}
	}
	return s, nil
}

// tick moves the clock, and asks for an overview unless one is being asked for.
func (s *screen) tick(now time.Time) tea.Cmd {
	s.view.Now = now
	next := tea.Tick(watchEvery, func(t time.Time) tea.Msg { return tick(t) })
	if s.asked {
		return next
	}
	s.asked = true
	return tea.Batch(next, func() tea.Msg {
		o, err := s.ask()
		return answer{o, err}
	})
}

// View draws the screen.
func (s *screen) View() tea.View {
	v := tea.NewView(strings.Join(s.view.Lines(s.latest, s.problem), "\n"))
	v.AltScreen = true
	return v
}

// WatchLines writes overviews as lines, at an interval, each time that something has changed, until the end of ctx. The error
// is that of w.
func WatchLines(ctx context.Context, w io.Writer, interval time.Duration, now Overviews) error {
	t := time.NewTicker(interval)
	defer t.Stop()
	var last string
	var seen int64 // the latest event
	for {
		asked, cancel := context.WithTimeout(ctx, watchTimeout)
		o, err := now(asked)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		text := linesText(&o, err)
		var events strings.Builder
		for i := range o.Events {
			if e := &o.Events[i]; err == nil && e.Seq > seen {
				seen = e.Seq
				fmt.Fprintf(&events, "  %s %s: %s\n", e.Time.UTC().Format(time.RFC3339), e.Level, eventText(e))
			}
		}
		if text != last || events.Len() > 0 {
			last = text
			if _, err := fmt.Fprintf(w, "%s %s%s", time.Now().UTC().Format(time.RFC3339), text, events.String()); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// linesText writes an overview without the time, as a line and one for each batch.
func linesText(o *service.Overview, err error) string {
	if err != nil {
		return Sprintf("problem: %s\n", err)
	}
	var b strings.Builder
	v := View{Now: time.Now()}
	switch a := &o.Account; {
	case a.ByHand != nil && isStopped(a):
		b.WriteString(Sprintf("no run; %s: %s; ", a.State, a.Reason) + v.handText(a.ByHand))
	case a.ByHand != nil:
		b.WriteString(v.handText(a.ByHand))
	case o.Run != nil:
		b.WriteString(Text(o.Run.Limit))
	case a.Reason != "":
		b.WriteString(Sprintf("no run; %s: %s", a.State, a.Reason))
	default:
		b.WriteString("no run")
	}
	if until := o.Account.PausedUntil; until != nil {
		b.WriteString("; paused until " + until.Format(time.RFC3339))
	}
	b.WriteString("; today " + todayText(&o.Account))
	if o.ETA != nil {
		b.WriteString("; done by " + o.ETA.Format(time.RFC3339))
	}
	b.WriteByte('\n')
	for i := range o.Batches {
		s := &o.Batches[i].Status
		paused := ""
		if by := o.Batches[i].ByHand; by != nil {
			paused = ", " + v.handText(by)
		}
		b.WriteString(Sprintf("  %s: %d%%, %s of %s: %s submitted, %s failed, %s in doubt, %s pending%s\n", s.Batch, percent(ended(s), s.Items),
			Number(ended(s)), Number(s.Items), Number(s.Submitted), Number(s.Failed), Number(s.InDoubt), Number(s.Pending+s.Sending), paused))
	}
	for _, e := range o.Errors {
		b.WriteString(Sprintf("  failed: %s x %s: %s (for example %q of %s)\n", Number(e.Count), cmp.Or(e.Code, "no code"), e.Message, e.ExampleKey, e.Batch))
	}
	return b.String()
}
