package term

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"

	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/service"
	"airlift/worker/service/eventlog"
)

// View is how an overview is laid out: lines of at most Width cells, at most Height of them.
type View struct {
	Width, Height int
	// Color says that lines have color sequences (ECMA-48: SGR).
	Color bool
	// Now is the time that countdowns and the clock show.
	Now time.Time
}

const (
	green  = "32"
	yellow = "33"
	red    = "31"
	faint  = "2"
	bold   = "1"
)

// labelWidth is that of the labels at the left.
const labelWidth = 10

// Lines returns the view of an overview; o may be nil while there is none. problem is why the latest could not be read.
// Every text of a value is escaped as [Text] does, so that none can move the cursor.
func (v View) Lines(o *service.Overview, problem error) []string {
	v.Width = max(v.Width, 1)
	lines := v.head(o)
	if problem != nil {
		lines = append(lines, v.field("problem", red, problem.Error())...)
	}
	if o != nil {
		lines = append(lines, v.facts(o)...)
		lines = append(lines, v.sections(o, v.Height-len(lines)-1)...)
	}
	most := max(v.Height-1, 0)
	lines = lines[:min(len(lines), most)]
	for len(lines) < most {
		lines = append(lines, "")
	}
	return append(lines, v.style(faint, v.fit("q or Ctrl-C ends this view")))
}

// head names the queue and the process that works it, and shows the clock.
func (v View) head(o *service.Overview) []string {
	clock := v.Now.UTC().Format("15:04:05 UTC")
	if o == nil {
		return []string{v.spread(v.fit("airlift"), clock, bold)}
	}
	lines := []string{v.spread("airlift  "+Text(o.Queue), clock, bold)}
	if r := o.Run; r != nil {
		who := Sprintf("process %d on %s since %s", r.PID, r.Host, v.instant(r.Since))
		if r.Address != "" {
			who += Sprintf(", to %s", r.Address)
		}
		return append(lines, v.style(faint, v.fit(who)))
	}
	return append(lines, v.style(faint, v.fit("no run works this queue")))
}

// facts returns the fields that concern the whole queue.
func (v View) facts(o *service.Overview) []string {
	var lines []string
	if o.Run != nil {
		lines = append(lines, v.field("rate", "", o.Run.Limit)...)
		if h := o.Run.Hours; h != nil && !strings.Contains(o.Run.Limit, h.Text) {
			lines = append(lines, v.field("hours", "", h.Text)...)
		}
	}
	lines = append(lines, v.gate(o)...)
	lines = append(lines, v.field("today", "", todayText(&o.Account))...)
	for i := range o.Accounts {
		if a := &o.Accounts[i]; len(o.Accounts) > 1 && a.Name != o.Account.Name {
			lines = append(lines, v.field("account", "", accountText(a))...)
		}
	}
	if o.ETA != nil {
		text := v.until(*o.ETA)
		if f := o.Account.Forecast; f != nil && isWide(f.ETARange) {
			text += "; " + rangeText(f.ETARange, v.Now) + fmt.Sprintf(", %.0f %% likely", 100*f.ETARange.Likelihood)
		}
		lines = append(lines, v.field("done by", "", text)...)
	}
	if o.InDoubt > 0 {
		text := Number(o.InDoubt) + " items, which are looked up"
		if o.Run == nil {
			text += " by the next run"
		}
		lines = append(lines, v.field("in doubt", yellow, text)...)
	}
	return lines
}

// gate says whether requests may leave and, if not, until when and why.
func (v View) gate(o *service.Overview) []string {
	a, color, text := &o.Account, yellow, ""
	var hand []string
	if a.ByHand != nil {
		hand = v.field("gate", yellow, v.handText(a.ByHand)+"; `airlift resume` ends that")
	}
	switch {
	case isStopped(a):
		color, text = red, "stopped"
		if a.Since != nil {
			text += " since " + v.instant(*a.Since)
		}
	case hand != nil:
		return hand
	case a.PausedUntil != nil:
		text = "paused until " + v.until(*a.PausedUntil)
	case a.State == string(worker.Paused):
		text = "paused until it is resumed"
	default:
		return v.field("gate", green, "open")
	}
	if a.Reason != "" && o.Run == nil { // the rate of a run says it
		text += ": " + a.Reason
	}
	return append(v.field("gate", color, text), hand...)
}

// isStopped reports whether a stop is in force.
func isStopped(a *service.AccountOverview) bool { return a.State == string(worker.Stopped) }

// accountText says how an account stands.
func accountText(a *service.AccountOverview) string {
	text := a.Name + ": " + a.State
	if a.PausedUntil != nil {
		text += " until " + a.PausedUntil.UTC().Format(time.RFC3339)
	}
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text + "; today " + todayText(a)
}

// todayText counts today's jobs, and says how many are possible.
func todayText(a *service.AccountOverview) string {
	text := Number(a.Submitted) + " submitted"
	switch {
	case a.DailyLimit != nil:
		text += ", of " + perDay(*a.DailyLimit, plan.OwnLimit)
	case a.LearnedCap != nil:
		text += ", of " + perDay(*a.LearnedCap, plan.Learned)
	}
	if a.Month != nil {
		text += "; " + monthText(a.Month)
	}
	return text
}

// monthText says how much of a monthly limit is used.
func monthText(m *service.Month) string {
	return "monthly limit: " + Number(m.Used) + " of " + Number(m.Limit) + " (--monthly-limit)"
}

// sections are the batches, errors and events, in so many lines.
func (v View) sections(o *service.Overview, room int) []string {
	batches, errs, events := v.batches(o), v.errors(o), v.events(o)
	// The batches come first, but errors and events keep a few lines, unless they cannot use them.
	few := min(min(len(flat(errs)), 5)+min(len(flat(events)), 4), room/2)
	lines := v.compose(batches, errs, events, room, few)
	if unused := room - len(lines); unused > 0 {
		lines = v.compose(batches, errs, events, room, few-unused)
	}
	return lines
}

// compose puts the sections into so many lines, of which the batches leave a few. The latest events fill what is left.
func (v View) compose(batches, errs, events []block, room, few int) []string {
	lines := flat(v.cut(batches, room-few))
	lines = append(lines, flat(v.cut(errs, room-len(lines)-min(len(flat(events)), 3)))...)
	room -= len(lines)
	if n := len(events); n > 1 && room > 2 { // the heading, and one
		lines = append(append(lines, events[0]...), flat(events[max(n-room+2, 1):])...)
	}
	return lines
}

// block is the lines of one thing.
type block = []string

// cut returns as many blocks as there is room for, and says how many more there are.
func (v View) cut(blocks []block, room int) []block {
	lines := 0
	for i, b := range blocks {
		if lines += len(b); lines <= room {
			continue
		}
		for i > 0 && lines-len(b)+1 > room {
			i--
			lines -= len(blocks[i])
		}
		if i < 2 {
			return nil // no more than a heading
		}
		return append(blocks[:i:i], block{v.style(faint, v.fit(fmt.Sprintf("and %d more", len(blocks)-i)))})
	}
	return blocks
}

// flat returns the lines of blocks.
func flat(blocks []block) (lines []string) {
	for _, b := range blocks {
		lines = append(lines, b...)
	}
	return lines
}

// heading is an empty line and the name of a section.
func (v View) heading(name string) block { return block{"", v.style(bold, v.fit(name))} }

// errors are the codes of failed items.
func (v View) errors(o *service.Overview) []block {
	if len(o.Errors) == 0 {
		return nil
	}
	blocks := []block{v.heading("FAILED")}
	for _, e := range o.Errors {
		text := Sprintf("%s x %s: %s", Number(e.Count), cmp.Or(e.Code, "no code"), e.Message)
		example := Sprintf("  for example %s of %s", quoted(e.ExampleKey), e.Batch)
		blocks = append(blocks, block{v.style(red, v.fit(text)), v.style(faint, v.fit(example))})
	}
	return blocks
}

// events are the latest lines of the log, the latest last.
func (v View) events(o *service.Overview) []block {
	if len(o.Events) == 0 {
		return nil
	}
	blocks := []block{v.heading("EVENTS")}
	for _, e := range o.Events {
		color := ""
		switch e.Level {
		case "warn":
			color = yellow
		case "error", "fatal", "panic":
			color = red
		}
		blocks = append(blocks, block{v.style(color, v.fit(e.Time.UTC().Format("15:04:05 ")+eventText(&e)))})
	}
	return blocks
}

// eventText writes an event on one line.
func eventText(e *eventlog.Event) string {
	text := Text(e.Text)
	if e.Batch != "" {
		text = Text(e.Batch) + ": " + text
	}
	if e.Count > 1 {
		text = fmt.Sprintf("(%d times) %s", e.Count, text)
	}
	return text
}

// fieldLines is how many lines a field may take.
const fieldLines = 4

// field is a label and a text, in a few lines.
func (v View) field(label, color, text string) []string {
	width := max(v.Width-labelWidth, 1)
	wrapped := strings.Split(ansi.Wrap(Text(text), width, ""), "\n")
	if n := fieldLines - 1; len(wrapped) > fieldLines {
		wrapped = append(wrapped[:n:n], strings.Join(wrapped[n:], " "))
	}
	for i, line := range wrapped {
		wrapped[i] = v.fit(fmt.Sprintf("%-*s", labelWidth, label) + v.style(color, ansi.Truncate(strings.TrimSpace(line), width, "...")))
		label = ""
	}
	return wrapped
}

// spread puts two texts at the ends of a line. The left one is cut; the right one has no value.
func (v View) spread(left, right, style string) string {
	room := v.Width - ansi.StringWidth(right) - 2
	if room < 1 {
		return v.style(style, v.fit(left))
	}
	left = ansi.Truncate(left, room, "...")
	return v.style(style, left) + strings.Repeat(" ", room-ansi.StringWidth(left)+2) + right
}

// fit cuts a text without control characters to the width.
func (v View) fit(text string) string { return ansi.Truncate(text, v.Width, "...") }

// style adds colors to a text.
func (v View) style(sgr, text string) string {
	if sgr == "" || !v.Color {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// instant writes a time of today or of another day.
func (v View) instant(t time.Time) string {
	if t, now := t.UTC(), v.Now.UTC(); t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05 UTC")
	}
	return t.UTC().Format("Jan 2 15:04 UTC")
}

// until writes a time to come, and how far away it is.
func (v View) until(t time.Time) string {
	left := t.Sub(v.Now).Round(time.Second)
	switch {
	case left <= 0:
		return v.instant(t)
	case left < 48*time.Hour:
		return fmt.Sprintf("%s, in %v", v.instant(t), left)
	}
	return v.instant(t) + ", " + humanize.RelTime(t, v.Now, "ago", "from now")
}

// OfBatch returns the overview of one batch, and whether there is such a batch.
func OfBatch(o service.Overview, id string) (service.Overview, bool) {
	o.Batches = slices.DeleteFunc(slices.Clone(o.Batches), func(b service.BatchOverview) bool { return b.Batch != id })
	if len(o.Batches) == 0 {
		return o, false
	}
	b := &o.Batches[0]
	o.InDoubt, o.ETA, o.Errors = b.InDoubt, b.ETA, nil
	o.Account.Forecast = &service.AccountForecast{ETARange: b.ETARange}
	for _, e := range b.Errors {
		o.Errors = append(o.Errors, service.ErrorOverview{ErrorCount: e, Batch: id})
	}
	o.Events = slices.DeleteFunc(slices.Clone(o.Events), func(e eventlog.Event) bool { return e.Batch != "" && e.Batch != id })
	return o, true
}
