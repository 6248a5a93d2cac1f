package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"airlift/cmd/airlift/term"
	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/queue"
)

const (
	// mostRows is how many rows of a source are read: a page of a scan.
	mostRows = 1000
	// mostSources is how many sources are looked at; a pattern may match thousands.
	mostSources = 5
)

// sourceLook is what the first rows of the sources show.
type sourceLook struct {
	// first is the first row that would be taken; nil: none was found.
	first *queue.Item
	// items estimates the rows of all sources; 0: it is not known.
	items int64
}

// sources reads the first rows of the sources.
func (e *exam) sources(ctx context.Context) (all []Finding) {
	switch {
	case e.SourcesErr != nil:
		return []Finding{notOK("mend what is said, and ask again", "%v", e.SourcesErr)}
	case e.Sources == nil:
		return []Finding{{}} // none is named, so there is nothing to say
	}
	var look sourceLook
	known := true
	for i, src := range e.Sources.List {
		if i == mostSources {
			known = false
			all = append(all, ok("%d more sources were not looked at", len(e.Sources.List)-i))
			break
		}
		rows, f := e.source(ctx, src, &look)
		f.Text = src.Arg + ": " + f.Text
		all = append(all, f)
		known = known && rows >= 0
		look.items += max(rows, 0)
	}
	if !known {
		look.items = 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.look = look
	return all
}

// firstRows returns what the first rows of the sources show, once they are read.
func (e *exam) firstRows() sourceLook {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.look
}

// tally counts the rows that were read of a source.
type tally struct {
	rows, taken, rejected, left int
	reason                      string // of the first that is rejected
	skip                        string // why the first is left out
	lacks                       string // what the first row lacks that lacks something
	whole                       bool
}

// source reads the first rows of one source. It also returns how many rows that has, as far as that can be told; -1: it cannot.
func (e *exam) source(ctx context.Context, src manifest.Source, look *sourceLook) (rows int64, f Finding) {
	if src.Kind == manifest.KindStdin || isStream(src) {
		return -1, cannotTell("", "it can be read once, and is left to the run")
	}
	o := e.Sources.Options
	o.Warn = nil
	o.Scan.Workers, o.Scan.RetryBudget = 1, time.Millisecond
	if src.OnS3() {
		client, err := e.s3Client(e.SourceEndpoint, e.SourceRegion)
		if err != nil {
			return -1, cannotTell("see to the credentials and --source-region first", "it was not read: %v", err)
		}
		o.S3 = client
	}
	r, err := manifest.Open(ctx, src.Arg, o)
	if err != nil {
		return -1, broken(src, err)
	}
	defer r.Close()
	t, err := e.read(r, look)
	if err != nil {
		return -1, broken(src, err)
	}
	rows = int64(t.rows)
	if !t.whole {
		rows = estimateRows(src)
	}
	return rows, t.judge(rows)
}

// broken judges an error of a source.
func broken(src manifest.Source, err error) Finding {
	b, is := errors.AsType[*entry.BrokenError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return cannotTell("try again; check the network", "its first rows did not come in time")
	case !is:
		return notOK("mend what is said", "%s", strings.TrimPrefix(err.Error(), src.Arg+": "))
	case b.Line > 0:
		return notOK(b.Remedy, "line %d: %v", b.Line, b.Err)
	}
	return notOK(b.Remedy, "%v", b.Err)
}

// read reads up to mostRows rows.
func (e *exam) read(r manifest.Reader, look *sourceLook) (t tally, err error) {
	for t.rows < mostRows {
		var row entry.Entry
		err := r.Read(&row)
		bad, rejected := errors.AsType[*entry.RowError](err)
		switch {
		case err == io.EOF:
			t.whole = true
			return t, nil
		case rejected:
			t.rows, t.rejected = t.rows+1, t.rejected+1
			if t.reason == "" {
				t.reason = fmt.Sprintf("line %d: %s", bad.Line, bad.Reason)
			}
		case err != nil:
			return t, err
		default:
			t.rows++
			e.take(&t, &row, look)
		}
	}
	return t, nil
}

// take counts a good row.
func (e *exam) take(t *tally, row *entry.Entry, look *sourceLook) {
	if why := e.Sources.Filter.Skip(row); why != "" {
		t.left++
		if t.skip == "" {
			t.skip = why
		}
		return
	}
	t.taken++
	it := queue.Item{Bucket: row.Bucket, Key: row.Key, Own: queue.JobFields{
		Services: row.Services, Priority: row.Priority, DestinationBucket: row.DestinationBucket, DestinationRegion: row.DestinationRegion,
		SourceRegion: row.Region, SourceEndpoint: row.Endpoint,
	}}
	if look.first == nil {
		look.first = &it
	}
	if f := e.Settings.Fields(&it); t.lacks == "" {
		t.lacks = lacking(f)
	}
}

// lacking names what a job needs and does not have.
func lacking(f queue.JobFields) string {
	var all []string
	if len(f.Services) == 0 {
		all = append(all, "--services")
	}
	if f.DestinationBucket == "" {
		all = append(all, "--destination-bucket")
	}
	if f.DestinationRegion == "" {
		all = append(all, "--destination-region")
	}
	return strings.Join(all, " and ")
}

// judge judges the rows that were read of a source that has so many; -1: that is not known.
func (t *tally) judge(rows int64) Finding {
	what := fmt.Sprintf("the first %s rows", term.Number(int64(t.rows)))
	if t.whole {
		what = fmt.Sprintf("all %s rows", term.Number(int64(t.rows)))
	}
	remark := ""
	if t.rejected > 0 {
		remark += fmt.Sprintf(", %s are bad (%s)", term.Number(int64(t.rejected)), t.reason)
	}
	if t.left > 0 {
		remark += fmt.Sprintf(", %s are left out (%s)", term.Number(int64(t.left)), t.skip)
	}
	switch {
	case t.rows == 0:
		return notOK("check the name or prefix", "nothing is found there")
	case t.lacks != "":
		return notOK("set "+t.lacks+", or add a column or a rule", "rows lack settings of their jobs")
	case t.rejected*2 >= t.rows:
		return notOK("`airlift plan` lists bad rows; check --format, --delimiter and --columns", "of %s%s", what, remark)
	case t.taken == 0 && t.whole:
		return notOK("check the filters", "none of %s would be taken%s", what, remark)
	case t.taken == 0:
		return cannotTell("`airlift plan` reads all of it", "none of %s would be taken%s", what, remark)
	case !t.whole && rows > 0:
		remark += fmt.Sprintf("; there are about %s", term.Number(rows))
	}
	return ok("%s are read%s", what, remark)
}

// isStream reports whether a source is a pipe or a device, whose rows would be gone.
func isStream(src manifest.Source) bool {
	if src.OnS3() {
		return false
	}
	info, err := os.Stat(src.Canonical())
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}
