package api

import (
	"fmt"
	"unicode/utf8"

	"airlift/manifest/entry"
)

// maxCount bounds a count that a client gives.
const maxCount = 1 << 40

// check refuses rows that no reading of a source gives: the engine takes them as checked, and a wrong one would damage the books.
func (j *chunkJSON) check() error {
	for reason, n := range j.Skipped {
		if n < 0 || n > maxCount {
			return usage(fmt.Sprintf("skipped %q: %d is no count", reason, n))
		}
	}
	for i := range j.Items {
		if what := j.Items[i].wrong(); what != "" {
			return usage(fmt.Sprintf("item %d: %s", i, what))
		}
	}
	return nil
}

// wrong says what is wrong with a new item; empty: nothing.
func (j *itemJSON) wrong() string {
	switch {
	case j.Seq != 0 || j.Version != 0 || j.Unsourced:
		return "seq, version and unsourced are given by the queue"
	case j.Line < 0:
		return "the line is below 0"
	case j.Bucket == "" || j.Key == "":
		return "the bucket or the key is empty"
	case len(j.Key) > entry.MaxKey:
		return fmt.Sprintf("the key has %d bytes, at most %d", len(j.Key), entry.MaxKey)
	case !utf8.ValidString(j.Bucket + j.Key + j.Name):
		return "it is not valid UTF-8"
	}
	return ""
}
