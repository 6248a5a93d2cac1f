package main

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// The sizes of the drawing: of one diagram, and of what is around it.
const (
	panelWidth, panelHeight = 380, 120
	left, right, top, foot  = 48, 20, 28, 32
	columns                 = 2
)

// panel is one diagram: a figure over the size of the queue.
type panel struct {
	title, figure, class string
}

// panels are what a growth is drawn as.
var panels = []panel{
	{"enqueue: CPU µs an item", enqueueCPU, "blue"},
	{"enqueue: bytes written an item", enqueueBytes, "blue"},
	{"claim and finish: CPU µs an item", drainCPU, "brown"},
	{"claim and finish: bytes written an item", drainBytes, "brown"},
}

// style colours the drawing for light and for dark pages.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .small { font-size: 11px }
.grid { stroke: #1f2328; stroke-opacity: .15 } .axis { stroke: #1f2328; stroke-opacity: .6 }
.blue { stroke: #0969da; fill: #0969da } .brown { stroke: #bc4c00; fill: #bc4c00 }
polyline.blue, polyline.brown { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .grid, .axis { stroke: #e6edf3 }
.blue { stroke: #58a6ff; fill: #58a6ff } .brown { stroke: #f0883e; fill: #f0883e }
}
</style>
`

// drawGrowth draws the medians of a growth, and their spread, over the size of the queue.
func drawGrowth(path string, m *measured) error {
	var sizes []float64
	for _, who := range m.Who {
		n, err := parseSizes(who)
		if err != nil {
			return err
		}
		sizes = append(sizes, float64(n[0]))
	}
	var s strings.Builder
	width, height := left+panelWidth+right, top+panelHeight+foot
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="What an item costs as the queue grows">`+"\n", columns*width, (len(panels)+columns-1)/columns*height)
	s.WriteString(style)
	for i, p := range panels {
		fmt.Fprintf(&s, `<g transform="translate(%d %d)">`+"\n", i%columns*width+left, i/columns*height+top)
		p.draw(&s, m, sizes)
		s.WriteString("</g>\n")
	}
	s.WriteString("</svg>\n")
	return os.WriteFile(path, []byte(s.String()), 0o644)
}

func (p panel) draw(s *strings.Builder, m *measured, sizes []float64) {
	highest := 0.0
	for _, who := range m.Who {
		_, _, most, _ := spread(m.values(figure{who, p.figure}))
		highest = max(highest, most)
	}
	step := niceStep(highest / 3)
	ceiling := step * math.Ceil(highest*1.05/step)
	x := func(n float64) float64 {
		from, to := math.Log(sizes[0]), math.Log(sizes[len(sizes)-1])
		if from == to {
			return panelWidth / 2
		}
		return panelWidth * (0.04 + 0.92*(math.Log(n)-from)/(to-from))
	}
	y := func(v float64) float64 { return panelHeight * (1 - v/ceiling) }

	fmt.Fprintf(s, `<text class="title" x="0" y="-12">%s</text>`+"\n", p.title)
	for v := 0.0; v <= ceiling*1.001; v += step {
		fmt.Fprintf(s, `<line class="grid" x1="0" x2="%d" y1="%.1f" y2="%.1f"/><text class="small" x="-8" y="%.1f" text-anchor="end">%g</text>`+"\n",
			panelWidth, y(v), y(v), y(v)+4, math.Round(v*100)/100)
	}
	fmt.Fprintf(s, `<line class="axis" x1="0" x2="%d" y1="%d" y2="%d"/>`+"\n", panelWidth, panelHeight, panelHeight)
	fmt.Fprintf(s, `<text class="small" x="%d" y="-12" text-anchor="end">by items in the queue</text>`+"\n", panelWidth)
	for _, n := range sizes {
		fmt.Fprintf(s, `<line class="axis" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text class="small" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			x(n), x(n), panelHeight, panelHeight+5, x(n), panelHeight+19, short(int(n)))
	}
	var points []string
	for j, who := range m.Who {
		median, least, most, ok := spread(m.values(figure{who, p.figure}))
		if !ok {
			continue
		}
		px := x(sizes[j])
		points = append(points, fmt.Sprintf("%.1f,%.1f", px, y(median)))
		fmt.Fprintf(s, `<line class="%s" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><circle class="%s" cx="%.1f" cy="%.1f" r="3"/>`+"\n",
			p.class, px, px, y(least), y(most), p.class, px, y(median))
	}
	fmt.Fprintf(s, `<polyline class="%s" points="%s"/>`+"\n", p.class, strings.Join(points, " "))
}

// niceStep is the first of 1, 2, 5, 10, ... that is not below v, at any power of ten.
func niceStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if f*power >= v {
			return f * power
		}
	}
	return 10 * power
}
