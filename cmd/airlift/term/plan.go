package term

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"airlift/queue"
	"airlift/queue/plan"
	"airlift/worker"
)

// Plan writes a plan.
func Plan(w io.Writer, p *plan.Plan, now time.Time) error {
	var b lines
	state := "new"
	if p.Exists {
		state = "in the queue"
	}
	b.add("batch", "%s (%s)", p.Batch, state)
	b.add("", "plan: nothing was stored or sent")
	b.planRows(p)
	if q := p.Queue; q.Items > 0 {
		b.add("queue", "%s items = %s submitted + %s pending + %s in doubt + %s failed + %s cancelled",
			Number(q.Items), Number(q.Submitted), Number(q.Pending), Number(q.InDoubt+q.Sending), Number(q.Failed), Number(q.Cancelled))
	}
	b.add("to send", "%s", amount(p.ToSend))
	b.firstJobs(p.FirstJobs)
	if p.Timed > 0 {
		b.add("duration", "%s minutes, of %s items whose duration is known", Number(int64(math.Round(p.Minutes))), Number(p.Timed))
	}
	b.planForecast(p, now)
	if p.Saved != "" {
		b.add("saved", "%s new items to %s", Number(p.New), p.Saved)
	}
	for _, r := range p.Rejects {
		b.add("rejected", "%s", Rejected(&queue.Rejected{Line: r.Line, Key: r.Key, Reason: r.Reason}))
	}
	if more := p.Rejected - int64(len(p.Rejects)); more > 0 {
		b.add("", "and %s more", Number(more))
	}
	if p.ToSend.Items > 0 {
		b.tables(p)
	}
	return b.writeTo(w)
}

// planRows says what would become of the rows.
func (b *lines) planRows(p *plan.Plan) {
	b.add("rows", "%s = %s new + %s known + %s duplicates + %s rejected + %s skipped",
		Number(p.Rows), Number(p.New), Number(p.Known), Number(p.Duplicates), Number(p.Rejected), Number(p.Skipped))
	if !p.Complete {
		b.add("", "a source was not read to its end: these are not all")
	}
	for _, s := range p.Skips {
		b.add("", "%s skipped: %s", Number(s.Rows), s.Reason)
	}
	for _, text := range p.Unmatched {
		b.add("", "%s", text)
	}
}

// amount writes an amount in a few words.
func amount(a plan.Amount) string {
	text := Number(a.Items) + " items"
	switch {
	case a.Sized == 0:
	case a.Sized == a.Items:
		text += ", " + Bytes(a.Bytes)
	default:
		text += fmt.Sprintf(", %s of them with a known size: %s", Number(a.Sized), Bytes(a.Bytes))
	}
	return text
}

// planForecast says when the batch will be done, and what that assumes.
func (b *lines) planForecast(p *plan.Plan, now time.Time) {
	since := ""
	if !p.Since.IsZero() {
		since = " since " + p.Since.UTC().Format(time.RFC3339)
	}
	switch worker.Activity(p.State) {
	case worker.Stopped:
		b.add("state", "stopped%s: %s", since, p.Reason)
		b.add("", noForecast)
		return
	case worker.Paused:
		b.add("state", "paused%s: %s", since, p.Reason)
		if p.PausedUntil == nil {
			b.add("", "until `airlift resume`: nothing is forecast before")
			return
		}
		b.add("", "until %s (%s)", p.PausedUntil.Format(time.RFC3339), humanize.RelTime(*p.PausedUntil, now, "ago", "from now"))
	}
	if p.ToSend.Items == 0 {
		return
	}
	rate := math.Inf(1)
	if p.Rate != nil {
		rate = *p.Rate
	}
	assumed := pace(rate, p.RateTable, p.Windows, p.PerDay, p.PerDayFrom)
	if p.Finish == nil {
		b.add("done", "never: more than 200 years, %s", assumed)
		return
	}
	days := "1 day"
	if p.Days != 1 {
		days = Number(p.Days) + " days"
	}
	b.add("done by", "%s (%s); something is sent on %s", p.Finish.Format(time.RFC3339), humanize.RelTime(*p.Finish, now, "ago", "from now"), days)
	b.forecastRange(p.FinishRange, now)
	b.add("", "%s", assumed)
}

// tables writes the breakdown: by type, size, prefix and number of audio channels.
func (b *lines) tables(p *plan.Plan) {
	types := amounts{sized: p.ToSend.Sized > 0}
	sizes, prefixes := types, types
	types.head("TYPE")
	for _, t := range p.Types {
		types.add(t.Type, t.Amount)
	}
	b.table(types.rows)
	if types.sized {
		sizes.head("SIZE")
		for _, s := range p.Sizes {
			sizes.add(sizeClass(s), s.Amount)
		}
		b.table(sizes.rows)
	}
	prefixes.head("PREFIX")
	for _, t := range p.Prefixes {
		prefixes.add(quoted(t.Prefix), t.Amount)
	}
	if p.OtherPrefixes.Items > 0 {
		prefixes.add("(others)", p.OtherPrefixes)
	}
	b.table(prefixes.rows)
	if len(p.AudioChannels) > 0 {
		channels := [][]string{{"AUDIO CHANNELS", "ITEMS"}}
		for _, c := range p.AudioChannels {
			channels = append(channels, []string{fmt.Sprint(c.Channels), Number(c.Items)})
		}
		b.table(channels)
	}
}

// amounts are the rows of a table of amounts, with bytes if any size is known.
type amounts struct {
	sized bool
	rows  [][]string
}

func (t *amounts) head(name string) { t.row(name, "ITEMS", "BYTES") }

func (t *amounts) add(name string, a plan.Amount) {
	size := "-"
	if a.Sized > 0 {
		size = Bytes(a.Bytes)
	}
	t.row(name, Number(a.Items), size)
}

func (t *amounts) row(name, items, bytes string) {
	row := []string{name, items, bytes}
	if !t.sized {
		row = row[:2]
	}
	t.rows = append(t.rows, row)
}

// sizeClass names a class of sizes.
func sizeClass(s plan.SizeAmount) string {
	switch {
	case s.From == nil:
		return "not known"
	case s.To == nil:
		return Bytes(*s.From) + " and more"
	case *s.To == 1:
		return "empty"
	}
	return "under " + Bytes(*s.To)
}

// table writes rows in columns below an empty line, the first column to the left and the numbers to the right, which
// text/tabwriter cannot do in one table.
func (b *lines) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	widths[0] = -widths[0] // to the left
	b.WriteByte('\n')
	for _, row := range rows {
		for i, cell := range row {
			row[i] = fmt.Sprintf("%*s", widths[i], cell)
		}
		b.WriteString(strings.Join(row, "   ") + "\n")
	}
}
