package term

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	xterm "golang.org/x/term"

	"airlift/queue/forecast"
	"airlift/worker/service"
)

// ViewOn returns a view as wide as a terminal or, if w is none, as columns says; 80 without both. Only a terminal gets colors.
func ViewOn(w io.Writer, columns string, color bool) View {
	v := View{Width: 80, Now: time.Now()}
	if n, err := strconv.Atoi(columns); err == nil && n > 0 {
		v.Width = n
	}
	if f, ok := w.(*os.File); ok && IsTerminal(w) {
		v.Color = color
		if width, _, err := xterm.GetSize(int(f.Fd())); err == nil && width > 0 {
			v.Width = width
		}
	}
	return v
}

const (
	// someDays is how many days are shown unless all are asked for.
	someDays = 10
	// wideDays is the width from which on the days have all columns.
	wideDays = 60
)

// Forecast writes forecasts as text, with a bar for each day.
func Forecast(w io.Writer, f *service.Forecasts, v View, allDays bool) error {
	v.Width = max(v.Width, 20)
	var lines []string
	for i := range f.Accounts {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, v.account(&f.Accounts[i], allDays)...)
	}
	if len(lines) == 0 {
		lines = []string{"the queue is empty"}
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

// account writes the forecast of an account.
func (v View) account(a *service.AccountForecast, allDays bool) []string {
	left := Number(a.Items) + " items"
	if len(a.Batches) > 0 {
		left += " of " + strings.Join(a.Batches, ", ")
	}
	lines := append(v.paragraph("account", "", a.Account), v.paragraph("left", "", left)...)
	if len(a.Paused) > 0 {
		lines = append(lines, v.paragraph("paused", yellow, strings.Join(a.Paused, ", ")+" by hand, and not in the forecast")...)
	}
	switch {
	case a.None != "":
		lines = append(lines, v.paragraph("done", yellow, a.None)...)
	case a.ETARange == nil:
		lines = append(lines, v.paragraph("done", yellow, "never: more than 200 years ahead")...)
	default:
		lines = append(lines, v.doneLines(a)...)
	}
	if a.Missed != "" {
		lines = append(lines, v.paragraph("missed", yellow, a.Missed)...)
	}
	if a.Need != nil {
		lines = append(lines, v.paragraph("by", "", v.needText(a.Need))...)
	}
	return append(lines, v.dayLines(a.Days, allDays)...)
}

// doneLines say when it is done, and what that rests on.
func (v View) doneLines(a *service.AccountForecast) []string {
	r := a.ETARange
	text := rangeText(r, v.Now)
	if r.High == nil || !r.High.Equal(r.Low) {
		text += fmt.Sprintf(", %.0f %% likely", 100*r.Likelihood)
	}
	if a.ETA != nil && isWide(r) {
		text += "; middle " + betweenText(*a.ETA, *a.ETA, v.Now)
	}
	return append(v.paragraph("done", green, text), v.paragraph("because", "", r.Why)...)
}

// needText says what it takes to be done by a time.
func (v View) needText(n *service.Need) string {
	by := betweenText(n.By, n.By, v.Now)
	switch {
	case n.Cannot == service.NothingLeft:
		return "it is done: " + n.Cannot
	case n.Cannot != "":
		return "it cannot be done by " + by + ", because " + n.Cannot
	case n.Rate == nil || n.Daily == nil:
		return by
	}
	needs := fmt.Sprintf("a rate of %s or more and, if there is a daily limit, one of %s or more", forecast.PerSecond(*n.Rate), Number(*n.Daily))
	if n.Already {
		return "done by " + by + " as things are; it takes " + needs
	}
	return "to be done by " + by + " it takes " + needs
}

// paragraph is a label and a text, in as many lines as it needs.
func (v View) paragraph(label, color, text string) []string {
	wrapped := strings.Split(ansi.Wrap(Text(text), max(v.Width-labelWidth-1, 8), ""), "\n")
	for i, line := range wrapped {
		wrapped[i] = strings.TrimRight(fmt.Sprintf("%-*s %s", labelWidth, label, v.style(color, strings.TrimSpace(line))), " ")
		label = ""
	}
	return wrapped
}

// dayLines has a line for each day: how much is sent for certain (#), and how much more it may be (+).
func (v View) dayLines(days []service.DayForecast, all bool) []string {
	if len(days) < 2 && !all {
		return nil
	}
	more := 0
	if !all && len(days) > someDays+1 {
		days, more = days[:someDays], len(days)-someDays
	}
	most, numbers, left := int64(1), 0, 0
	for _, d := range days {
		most, numbers, left = max(most, d.High), max(numbers, len(v.jobsText(d))), max(left, len(Number(d.Left)))
	}
	cells := v.Width - len(time.DateOnly) - numbers - 2
	if v.Width >= wideDays {
		cells -= left + len("  left ")
	}
	lines := []string{""}
	for _, d := range days {
		line := d.Day + " " + v.dayBar(d, most, max(min(cells, 60), 4)) + " " + fmt.Sprintf("%*s", numbers, v.jobsText(d))
		if v.Width >= wideDays {
			line += fmt.Sprintf("  left %*s", left, Number(d.Left))
		}
		lines = append(lines, line)
	}
	if more > 0 {
		lines = append(lines, v.style(faint, fmt.Sprintf("and %d more days: --by-day", more)))
	}
	return lines
}

// jobsText is how many jobs are sent on a day.
func (v View) jobsText(d service.DayForecast) string {
	if v.Width < wideDays || d.Low == d.High {
		return Number(d.Expected)
	}
	return Number(d.Low) + " to " + Number(d.High)
}

// dayBar draws the jobs of a day.
func (v View) dayBar(d service.DayForecast, most int64, cells int) string {
	high := cellsOf(d.High, most, cells)
	low := min(cellsOf(d.Low, most, cells), high)
	return v.style(green, strings.Repeat("#", low)) + v.style(faint, strings.Repeat("+", high-low)) + strings.Repeat(" ", cells-high)
}
