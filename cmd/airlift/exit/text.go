package exit

import (
	"fmt"
	"strings"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/term"
	"airlift/worker/service"
)

// OutcomeText is the last message for how work on batches ended. sent says that items may have been sent; unreported is why the
// report was not written to its file.
func OutcomeText(out service.Outcome, sent bool, report string, unreported error) string {
	text := SourcesText(out.Sources)
	if out.Err != nil {
		text = EndText(out)
	}
	if sent {
		text = withNextStep(out, text)
	}
	if unreported != nil {
		text = strings.TrimPrefix(fmt.Sprintf("%s\n--report: %v: once that is mended, `airlift report -o %s%s` writes the report; all else is done as the summary says",
			text, unreported, config.Quote(report), config.BatchWord(out.Batches[0].Batch)), "\n")
	}
	return text
}

// withNextStep adds to the last message of a run what to do about the items that are left or failed.
func withNextStep(out service.Outcome, text string) string {
	more := ""
	left, incomplete := int64(0), false
	for _, s := range out.Batches {
		left += s.Left()
		incomplete = incomplete || s.Incomplete
		if s.Failed > 0 {
			more += fmt.Sprintf("\n%s items failed: `airlift items --state failed%s` lists them, `airlift retry%s` makes them pending for the next run",
				term.Number(s.Failed), config.BatchWord(s.Batch), config.BatchWord(s.Batch))
		}
	}
	if bare := strings.TrimSuffix(text, RunAgain); Code(out.Err) == WorkLeft && !strings.Contains(bare, "the same command") && !strings.Contains(bare, "run again with") {
		switch {
		case incomplete:
			text = fmt.Sprintf("%s; %s items are left so far, and the sources are not read to their end; the same command carries on", bare, term.Number(left))
		case left > 0:
			text = fmt.Sprintf("%s; %s items are left; the same command carries on", bare, term.Number(left))
		}
	}
	return strings.TrimPrefix(text+more, "\n")
}
