package term

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"airlift/worker/service"
)

const (
	// oneLine is the width from which on a batch has one line instead of two.
	oneLine = 72
	// nameWidth is the most cells of a batch's name on a line with its bar.
	nameWidth = 28
)

// batches are the batches, those first that are worked or have something left.
func (v View) batches(o *service.Overview) []block {
	if len(o.Batches) == 0 {
		return []block{{"", v.fit("the queue is empty")}}
	}
	all := slices.Clone(o.Batches)
	slices.SortStableFunc(all, func(a, b service.BatchOverview) int { return rank(&a) - rank(&b) })
	widths := v.widths(all)
	blocks := []block{v.heading("BATCHES")}
	for i := range all {
		if v.Width < oneLine {
			blocks = append(blocks, v.tallBatch(&all[i]))
		} else {
			blocks = append(blocks, block{v.wideBatch(&all[i], widths)})
		}
	}
	return blocks
}

// widths are those of the columns of batches that have a line each: name, bar and counts.
type widths struct{ name, bar, counts int }

// widths gives the bars what the longest of the others leave.
func (v View) widths(all []service.BatchOverview) widths {
	var w widths
	remarks := 0
	for i := range all {
		w.name = min(max(w.name, ansi.StringWidth(Text(all[i].Batch))), nameWidth)
		w.counts = max(w.counts, len(countsText(&all[i])))
		remarks = max(remarks, min(ansi.StringWidth(v.remarks(&all[i])), v.Width/3)+2)
	}
	w.bar = min(max(v.Width-w.name-w.counts-remarks-4, 10), v.Width/4)
	return w
}

// rank orders batches: worked, something left, done.
func rank(b *service.BatchOverview) int {
	switch {
	case b.Left() == 0:
		return 2
	case b.Worked:
		return 0
	}
	return 1
}

// wideBatch is one line: name, bar, counts and remarks.
func (v View) wideBatch(b *service.BatchOverview, w widths) string {
	line := padCells(ansi.Truncate(Text(b.Batch), w.name, "..."), w.name) + "  " + v.bar(b, w.bar) + "  " + countsText(b)
	if text := v.remarks(b); text != "" {
		line += strings.Repeat(" ", w.counts-len(countsText(b))+2) + v.style(yellow, text)
	}
	return ansi.Truncate(line, v.Width, "...")
}

// tallBatch is the name, the bar, and a line of remarks if there are any.
func (v View) tallBatch(b *service.BatchOverview) block {
	counts := countsText(b)
	lines := block{v.fit(Text(b.Batch))}
	if bar := v.Width - len(counts) - 1; bar >= 7 {
		lines = append(lines, v.bar(b, bar)+" "+counts)
	} else {
		lines = append(lines, v.fit(counts))
	}
	if text := v.remarks(b); text != "" {
		lines = append(lines, v.style(yellow, v.fit("  "+text)))
	}
	return lines
}

// countsText counts what is done of a batch.
func countsText(b *service.BatchOverview) string {
	return fmt.Sprintf("%3d%%  %s of %s", percent(ended(&b.Status), b.Items), Number(ended(&b.Status)), Number(b.Items))
}

// remarks are what else there is to say about a batch.
func (v View) remarks(b *service.BatchOverview) string {
	var all []string
	add := func(n int64, what string) {
		if n > 0 {
			all = append(all, Number(n)+" "+what)
		}
	}
	if b.ByHand != nil {
		all = append(all, v.handText(b.ByHand))
	}
	if b.Share > 1 {
		all = append(all, "share "+Number(int64(b.Share)))
	}
	add(b.Failed, "failed")
	add(b.InDoubt, "in doubt")
	add(b.Rejected, "rejected")
	switch {
	case b.Adopting:
		all = append(all, "an adoption is not complete")
	case b.Incomplete && b.Worked:
		all = append(all, "being read")
	case b.Incomplete:
		all = append(all, "not read to the end")
	}
	if b.ETA != nil && b.ByHand == nil {
		all = append(all, "done by "+v.instant(*b.ETA))
	}
	return strings.Join(all, ", ")
}

// handText says that something is paused by hand, until when and why.
func (v View) handText(p *service.HandPause) string {
	text := "paused by hand"
	if p.Until != nil {
		text += " until " + v.instant(*p.Until)
	}
	if p.Reason != "" {
		text += " (" + Text(p.Reason) + ")"
	}
	return text
}

// ended counts the items that need nothing more.
func ended(s *service.Status) int64 { return s.Submitted + s.Failed + s.Cancelled }

// percent is rounded down, so that 100 means all; of nothing it is 0.
func percent(n, of int64) int64 {
	if of == 0 {
		return 0
	}
	return int64(float64(n) / float64(of) * 100)
}

// bar draws what is done of a batch in so many cells: # for submitted and cancelled items, x for failed ones.
func (v View) bar(b *service.BatchOverview, cells int) string {
	return v.barOf(ended(&b.Status), b.Failed, b.Items, cells)
}

func (v View) barOf(done, failed, of int64, cells int) string {
	cells = max(cells-2, 1)
	full := cellsOf(done, of, cells)
	bad := min(cellsOf(failed, of, cells), full)
	if bad == 0 && failed > 0 && full > 0 {
		bad = 1
	}
	return "[" + v.style(green, strings.Repeat("#", full-bad)) + v.style(red, strings.Repeat("x", bad)) + strings.Repeat("-", cells-full) + "]"
}

// cellsOf is the part of the cells that n of of fill: all of them only for all.
func cellsOf(n, of int64, cells int) int {
	if of == 0 {
		return 0
	}
	return int(float64(n) / float64(of) * float64(cells))
}

// padCells appends blanks to a text, to be so many cells wide.
func padCells(text string, width int) string {
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}
