package joblist

import (
	"fmt"
	"slices"
	"strings"

	"airlift/worker/air"
)

// errUnreadableJob: the list has a job without a usable id, which may be the wanted one.
type errUnreadableJob struct{ err error }

func (e *errUnreadableJob) Error() string {
	return fmt.Sprintf("AiR lists a job that cannot be read (%v), so nothing is concluded from what the list does not show", e.err)
}
func (e *errUnreadableJob) Unwrap() error { return e.err }

// oddOf returns those of the odd records that may be of the batch.
func oddOf(odd []air.UnreadableJob, batch string) []air.UnreadableJob {
	others := func(o air.UnreadableJob) bool { return o.Batch != "" && plainName(o.Batch) != plainName(batch) }
	return slices.DeleteFunc(slices.Clone(odd), others)
}

// oddKey returns a key for a record without a usable id. It is never equal to an id.
func oddKey(o air.UnreadableJob) string {
	return strings.Join([]string{"", o.Name, o.Source.Bucket, o.Source.ObjectKey, o.Created}, "\x00")
}

// odd reports jobs without a usable id, each once. They cannot be adopted.
func (a *Audit) odd(odd []air.UnreadableJob) error {
	for _, o := range odd {
		if !a.held.add(noItem, oddKey(o)) {
			continue
		}
		a.tally.Jobs++
		f := Finding{Kind: Unreadable, Bucket: o.Source.Bucket, Key: o.Source.ObjectKey, Listed: []string{}, Problem: o.Err.Error()}
		if err := a.report(f); err != nil {
			return err
		}
	}
	return nil
}
