package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker"
)

// print writes the plan for people.
func (p *plan) print(w io.Writer, now time.Time) error {
	var b term.Lines
	state := "new"
	if p.Exists {
		state = "in the queue"
	}
	b.Printf("batch      %s (%s)\n           plan: nothing was stored or sent\n", p.Batch, state)
	b.Printf("rows       %s = %s new + %s known + %s duplicates + %s rejected + %s skipped\n",
		n(p.Rows), n(p.New), n(p.Known), n(p.Duplicates), n(p.Rejected), n(p.Skipped))
	if !p.Complete {
		b.WriteString("           a source was not read to its end: these are not all\n")
	}
	for _, s := range p.Skips {
		b.Printf("           %s skipped: %s\n", n(s.Rows), s.Reason)
	}
	for _, text := range p.Unmatched {
		b.Printf("           %s\n", text)
	}
	if q := p.Queue; q.Items > 0 {
		b.Printf("queue      %s items = %s submitted + %s pending + %s in doubt + %s failed + %s cancelled\n",
			n(q.Items), n(q.Submitted), n(q.Pending), n(q.InDoubt+q.Sending), n(q.Failed), n(q.Cancelled))
	}
	b.Printf("to send    %s\n", p.ToSend.text())
	printFirst(&b, p.FirstJobs)
	if p.Timed > 0 {
		b.Printf("duration   %s minutes, of %s items whose duration is known\n", n(int64(math.Round(p.Minutes))), n(p.Timed))
	}
	p.printForecast(&b, now)
	if p.Saved != "" {
		b.Printf("saved      %s new items to %s\n", n(p.New), p.Saved)
	}
	for _, r := range p.Rejects {
		b.Printf("rejected   %s\n", rejectedLine(queue.Rejected{Line: r.Line, Key: r.Key, Reason: r.Reason}))
	}
	if more := p.Rejected - int64(len(p.Rejects)); more > 0 {
		b.Printf("           and %s more\n", n(more))
	}
	if p.ToSend.Items > 0 {
		p.printTables(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// text tells an amount in a few words.
func (a amount) text() string {
	text := n(a.Items) + " items"
	switch {
	case a.Sized == 0:
	case a.Sized == a.Items:
		text += ", " + bytesText(a.Bytes)
	default:
		text += fmt.Sprintf(", %s of them with a known size: %s", n(a.Sized), bytesText(a.Bytes))
	}
	return text
}

func bytesText(n int64) string { return humanize.IBytes(uint64(n)) }

// printForecast says how long it takes, and what that is reckoned from.
func (p *plan) printForecast(b *term.Lines, now time.Time) {
	since := ""
	if !p.since.IsZero() {
		since = " since " + p.since.UTC().Format(time.RFC3339)
	}
	switch worker.Activity(p.State) {
	case worker.Stopped:
		b.Printf("state      stopped%s: %s\n           %s\n", since, p.Reason, noForecast)
		return
	case worker.Paused:
		b.Printf("state      paused%s: %s\n           until %s (%s)\n", since, p.Reason, p.PausedUntil.Format(time.RFC3339), humanize.RelTime(*p.PausedUntil, now, "ago", "from now"))
	}
	if p.ToSend.Items == 0 {
		return
	}
	rate := math.Inf(1)
	if p.Rate != nil {
		rate = *p.Rate
	}
	pace := paceText(rate, p.PerDay, p.PerDayFrom)
	if p.Finish == nil {
		b.Printf("done       never: more than 200 years, %s\n", pace)
		return
	}
	days := "1 day"
	if p.Days != 1 {
		days = n(p.Days) + " days"
	}
	b.Printf("done by    %s (%s, %s)\n           %s\n", p.Finish.Format(time.RFC3339), days, humanize.RelTime(*p.Finish, now, "ago", "from now"), pace)
}

// printTables prints the breakdown.
func (p *plan) printTables(b *term.Lines) {
	sized := p.ToSend.Sized > 0
	cells := func(name string, a amount) []string {
		row := []string{name, n(a.Items)}
		if sized {
			size := "-"
			if a.Sized > 0 {
				size = bytesText(a.Bytes)
			}
			row = append(row, size)
		}
		return row
	}
	head := func(name string) [][]string {
		if sized {
			return [][]string{{name, "ITEMS", "BYTES"}}
		}
		return [][]string{{name, "ITEMS"}}
	}
	types := head("TYPE")
	for _, t := range p.Types {
		types = append(types, cells(t.Type, t.amount))
	}
	table(b, types)
	if sized {
		sizes := head("SIZE")
		for _, s := range p.Sizes {
			sizes = append(sizes, cells(s.name(), s.amount))
		}
		table(b, sizes)
	}
	prefixes := head("PREFIX")
	for _, t := range p.Prefixes {
		prefixes = append(prefixes, cells(quoted(t.Prefix), t.amount))
	}
	if p.OtherPrefixes.Items > 0 {
		prefixes = append(prefixes, cells("(others)", p.OtherPrefixes))
	}
	table(b, prefixes)
	if len(p.AudioChannels) > 0 {
		channels := [][]string{{"AUDIO CHANNELS", "ITEMS"}}
		for _, c := range p.AudioChannels {
			channels = append(channels, []string{fmt.Sprint(c.Channels), n(c.Items)})
		}
		table(b, channels)
	}
}

// name tells a class of sizes in words.
func (s sizeAmount) name() string {
	switch {
	case s.From == nil:
		return "not known"
	case s.To == nil:
		return bytesText(*s.From) + " and more"
	case *s.To == 1:
		return "empty"
	}
	return "under " + bytesText(*s.To)
}

// table writes rows in columns, the first to the left and the numbers to the right, below an empty line.
func table(b *term.Lines, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	b.WriteByte('\n')
	for _, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString(cell + pad)
			} else {
				b.WriteString("   " + pad + cell)
			}
		}
		b.WriteByte('\n')
	}
}
