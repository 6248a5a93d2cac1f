package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"airlift/queue"
	"airlift/worker/service"
)

// Store is the queue of another process: a [queue.Store] whose items cannot be claimed here. [Store.Close] ends the session
// of its client.
type Store struct{ *Client }

var _ queue.Store = Store{}

// ErrHolder is the error of what only the holder of a queue does. It is a [queue.ErrLocked].
var ErrHolder = fmt.Errorf("%w, and only that process can do this: wait for it to end, or end it in good order (Ctrl-C)", queue.ErrLocked)

// query returns parameters from names and values in turn, without the empty values.
func query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// Batches implements [queue.Reader].
func (s Store) Batches(ctx context.Context) (all []queue.Batch, err error) {
	err = s.call(ctx, "GET", "/v1/batches", nil, nil, &all)
	return all, err
}

// Batch implements [queue.Reader].
func (s Store) Batch(ctx context.Context, id string) (b queue.Batch, err error) {
	err = s.call(ctx, "GET", "/v1/batch", query("batch", id), nil, &b)
	return b, err
}

// Find implements [queue.Reader].
func (s Store) Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error) {
	var out itemAnswer
	q := query("batch", id, "bucket", o.Bucket, "key", o.Key, "version", strconv.FormatUint(o.Version, 10))
	if err := s.call(ctx, "GET", "/v1/item", q, nil, &out); err != nil || !out.Found {
		return queue.Entry{}, false, err
	}
	return out.Item.entry(), true, nil
}

// History implements [queue.Reader].
func (s Store) History(ctx context.Context, id string, seq uint64) ([]queue.Event, error) {
	var all []eventJSON
	err := s.call(ctx, "GET", "/v1/history", query("batch", id, "seq", strconv.FormatUint(seq, 10)), nil, &all)
	return events(all), err
}

// pageItems is how many items a page of [Store.Pages] has.
const pageItems = 1024

// Pages implements [queue.Reader]. A function for keys is called here.
func (s Store) Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error {
	q := query("batch", id, "state", string(f.State), "code", f.Code)
	if f.Span != nil {
		q.Set("from", strconv.FormatUint(f.Span.From, 10))
		q.Set("to", strconv.FormatUint(f.Span.To, 10))
	}
	lines := page{filter: f.Key}
	err := s.list(ctx, "/v1/items", q, func(line []byte) error {
		lines.add(line)
		if len(lines.ends) < pageItems {
			return nil
		}
		full := lines
		lines = page{filter: f.Key}
		return fn(&full)
	})
	if err == nil && len(lines.ends) > 0 {
		err = fn(&lines)
	}
	return err
}

// page is some lines of a listing of items, decoded on demand.
type page struct {
	filter func(key string) bool
	lines  []byte
	ends   []int
}

func (p *page) add(line []byte) {
	p.lines = append(p.lines, line...)
	p.ends = append(p.ends, len(p.lines))
}

// Entries implements [queue.Page].
func (p *page) Entries() ([]queue.Entry, error) {
	all := make([]queue.Entry, 0, len(p.ends))
	start := 0
	for _, end := range p.ends {
		var j entryJSON
		if err := json.Unmarshal(p.lines[start:end], &j); err != nil {
			return nil, fmt.Errorf("an item of the process that holds the queue: %w", err)
		}
		start = end
		if p.filter == nil || p.filter(j.Key) {
			all = append(all, j.entry())
		}
	}
	return all, nil
}

// Keep implements [queue.Page]: what the entries point to is never used again.
func (p *page) Keep() {}

// Release implements [queue.Page].
func (p *page) Release() {}

// Rejected implements [queue.Reader].
func (s Store) Rejected(ctx context.Context, id string, fn func(queue.Rejected) error) error {
	return s.list(ctx, "/v1/rejected", query("batch", id), func(line []byte) error {
		var j rejectedJSON
		if err := json.Unmarshal(line, &j); err != nil {
			return err
		}
		return fn(j.rejected())
	})
}

// Account implements [queue.Reader].
func (s Store) Account(ctx context.Context, name string, day queue.Day) (a queue.AccountState, err error) {
	err = s.call(ctx, "GET", "/v1/account", query("account", name, "day", strconv.Itoa(int(day))), nil, &a)
	return a, err
}

// Days implements [queue.Reader].
func (s Store) Days(ctx context.Context, name string, first, last queue.Day) (all []queue.DayCount, err error) {
	err = s.call(ctx, "GET", "/v1/days", query("account", name, "from", strconv.Itoa(int(first)), "to", strconv.Itoa(int(last))), nil, &all)
	return all, err
}

// CreateBatch implements [queue.Intake].
func (s Store) CreateBatch(ctx context.Context, b queue.Batch) error {
	return s.call(ctx, "POST", "/v1/create", nil, b, &none{})
}

// SetSettings implements [queue.Intake].
func (s Store) SetSettings(ctx context.Context, id string, settings queue.Settings) error {
	return s.call(ctx, "POST", "/v1/settings", nil, settingsJSON{id, settings}, &none{})
}

// readingPoll is how often a reading that waits for another of its batch asks again.
const readingPoll = time.Second

// BeginReading implements [queue.Intake]. It waits while others read into the batch.
func (s Store) BeginReading(ctx context.Context, id string, resume bool) error {
	for {
		err := s.call(ctx, "POST", "/v1/reading/begin", nil, beginJSON{id, resume}, &none{})
		if !errors.Is(err, service.ErrBeingRead) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(readingPoll):
		}
	}
}

// Add implements [queue.Intake].
func (s Store) Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error) {
	var out addedJSON
	err := s.call(ctx, "POST", "/v1/reading/rows", nil, rowsJSON{id, fromChunk(&c)}, &out)
	return out.added(), err
}

// EndReading implements [queue.Intake].
func (s Store) EndReading(ctx context.Context, id string, complete bool) error {
	return s.call(ctx, "POST", "/v1/reading/end", nil, endJSON{id, complete}, &none{})
}

// Marks implements [queue.Intake].
func (s Store) Marks(ctx context.Context, id string) ([]queue.Mark, error) {
	var all []markJSON
	err := s.call(ctx, "POST", "/v1/reading/marks", nil, batchJSON{id}, &all)
	return marks(all), err
}

// Has implements [queue.Intake].
func (s Store) Has(ctx context.Context, id string, items []queue.Item, changed bool) (has []bool, err error) {
	err = s.call(ctx, "POST", "/v1/reading/has", nil, itemsJSON{id, fromItems(items), changed}, &has)
	return has, err
}

// Sent implements [queue.Intake].
func (s Store) Sent(ctx context.Context, id string, items []queue.Item, changed bool) (sent []bool, alike []string, err error) {
	var out sentJSON
	err = s.call(ctx, "POST", "/v1/reading/sent", nil, itemsJSON{id, fromItems(items), changed}, &out)
	return out.Sent, out.Alike, err
}

// Change implements [queue.Admin], for what a reading does alone; users' changes are bulk actions.
func (s Store) Change(ctx context.Context, id string, c queue.Change) (done queue.Changed, err error) {
	if c.Do != queue.DoReplace {
		return done, ErrHolder
	}
	err = s.call(ctx, "POST", "/v1/reading/replace", nil, batchJSON{id}, &done)
	return done, err
}

// Exchange implements [queue.Claims]: only the holder claims.
func (s Store) Exchange(context.Context, []queue.Result, queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error) {
	return nil, nil, ErrHolder
}

// InDoubt implements [queue.Claims].
func (s Store) InDoubt(ctx context.Context, id string, after int64, max int) (all []queue.Claimed, err error) {
	f := queue.Filter{State: queue.InDoubt, Span: &queue.Span{From: uint64(after + 1), To: math.MaxUint64}}
	err = queue.Entries(ctx, s, id, f, func(e *queue.Entry) error {
		if len(all) == max {
			return queue.ErrEnough
		}
		all = append(all, queue.Claimed{Batch: id, Item: e.Item, Record: e.Record})
		return nil
	})
	if errors.Is(err, queue.ErrEnough) {
		err = nil
	}
	return all, err
}

// Changed implements [queue.Claims]. It returns nil: a remote store does not report changes.
func (s Store) Changed() <-chan struct{} { return nil }

// SetGate implements [queue.Claims].
func (s Store) SetGate(context.Context, string, queue.Gate) error { return ErrHolder }

// SetServer implements [queue.Claims].
func (s Store) SetServer(context.Context, string, queue.Server) error { return ErrHolder }

// Observe implements [queue.Claims].
func (s Store) Observe(context.Context, string, queue.Observation) error { return ErrHolder }

// Adopt implements [queue.Admin].
func (s Store) Adopt(context.Context, string, []queue.Adopted) (int, error) { return 0, ErrHolder }

// SetAdoption implements [queue.Admin].
func (s Store) SetAdoption(context.Context, string, queue.Adoption) error { return ErrHolder }

// SetControl implements [queue.Admin].
func (s Store) SetControl(context.Context, string, queue.Control) error { return ErrHolder }

// SetBatchControl implements [queue.Admin].
func (s Store) SetBatchControl(context.Context, string, queue.BatchControl) error { return ErrHolder }

// Check implements [queue.Admin].
func (s Store) Check(context.Context, func(done, total int64)) (queue.CheckReport, error) {
	return queue.CheckReport{}, ErrHolder
}
