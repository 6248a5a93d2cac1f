package flags

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/term"
	"airlift/queue/intake"
	"airlift/worker/service"
)

// Missing collects the missing settings, so that all are named together.
type Missing []string

// add adds a setting, once, if the condition holds.
func (m *Missing) add(condition bool, what string) {
	if condition && !slices.Contains(*m, what) {
		*m = append(*m, what)
	}
}

// addFlag is add for a setting that is a flag, which names the variable too.
func (m *Missing) addFlag(condition bool, what, flag, remark string) {
	m.add(condition, fmt.Sprintf("%s: --%s or %s%s", what, flag, config.Variable(flag), remark))
}

// Err returns all that is missing as one error.
func (m Missing) Err() error {
	if len(m) == 0 {
		return nil
	}
	return config.Usagef("missing settings:\n  %s", strings.Join(m, "\n  "))
}

// AddAll adds the job settings that an error names, and reports whether it names any.
func (m *Missing) AddAll(err error) bool {
	var several service.Errors
	var one *intake.MissingError
	switch {
	case errors.As(err, &several):
		found := false
		for _, err := range several {
			found = m.AddAll(err) || found
		}
		return found
	case errors.As(err, &one):
		m.addFields(one)
		return true
	}
	return false
}

// addFields adds the job settings that neither the flags nor the rows nor the rules give.
func (m *Missing) addFields(e *intake.MissingError) {
	const column = ", a column of the manifest, or a rule"
	m.addFlag(e.Services, "the services", "services", column)
	m.addFlag(e.DestinationBucket, "the bucket that AiR writes to", "destination-bucket", column)
	m.addFlag(e.DestinationRegion, "the region of that bucket", "destination-region", column)
	m.add(e.Batch != "", fmt.Sprintf("for items of batch %q, for example %q (or take them out with `airlift cancel`)", e.Batch, term.Cut(e.Key, 100)))
}
