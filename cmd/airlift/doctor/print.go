package doctor

import (
	"fmt"
	"io"

	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
)

// Schema is the version of the JSON form.
const Schema = 1

// Report is the object of `airlift doctor --json`.
type Report struct {
	Schema int `json:"schema"`
	// OK says that all checks are ok.
	OK     bool      `json:"ok"`
	Checks []Finding `json:"checks"`
}

// Print prints the findings, a line each or as one JSON object, and returns the error that has the exit code: none if all
// is ok, 2 if anything is not, else 4 for what cannot be told.
func Print(to io.Writer, all []Finding, asJSON bool) error {
	bad, unknown := Count(all, NotOK), Count(all, CannotTell)
	var err error
	if asJSON {
		err = term.JSON(to, Report{Schema, bad+unknown == 0, all})
	} else {
		err = printLines(to, all)
	}
	switch {
	case err != nil:
		return err
	case bad > 0:
		return &exit.Error{Code: exit.Usage, Text: fmt.Sprintf("%d of %d checks are not ok, and of %d nothing can be told: nothing was sent", bad, len(all), unknown)}
	case unknown > 0:
		return &exit.Error{Code: exit.Incomplete, Text: fmt.Sprintf("of %d of %d checks nothing can be told; the others are ok", unknown, len(all))}
	}
	return nil
}

// words are the results for people.
var words = map[Result]string{OK: "ok", NotOK: "not ok", CannotTell: "cannot tell"}

func printLines(to io.Writer, all []Finding) error {
	for _, f := range all {
		line := term.Sprintf("%-11s  %-11s  %s", words[f.Result], f.Check, f.Text)
		if f.Do != "" {
			line += term.Sprintf(" -> %s", f.Do)
		}
		if _, err := fmt.Fprintln(to, line); err != nil {
			return err
		}
	}
	return nil
}
