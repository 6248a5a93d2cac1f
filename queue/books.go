package queue

import (
	"errors"
	"slices"
	"time"
)

// Totals sums up items for the books of their batch.
type Totals struct {
	Items, Versions, Unsourced int64
	Own                        OwnCounts
	Columns                    []string // of all items, in the order in which they were first seen
}

// Add adds items to the totals.
func (t *Totals) Add(items []Item) {
	t.Items += int64(len(items))
	seen := map[string]bool{}
	for _, name := range t.Columns {
		seen[name] = true
	}
	var last []Field
	for i := range items {
		it := &items[i]
		count(&t.Versions, it.Version != 0)
		count(&t.Unsourced, it.Unsourced)
		count(&t.Own.Services, len(it.Own.Services) > 0)
		count(&t.Own.Priority, it.Own.Priority != 0)
		count(&t.Own.Destination, it.Own.DestinationBucket != "" && it.Own.DestinationRegion != "")
		count(&t.Own.Partial, (it.Own.DestinationBucket != "") != (it.Own.DestinationRegion != ""))
		count(&t.Own.Region, it.Own.SourceRegion != "")
		count(&t.Own.Endpoint, it.Own.SourceEndpoint != "")
		if SameColumns(last, it.Extra) {
			continue
		}
		last = it.Extra
		for _, f := range it.Extra {
			if !seen[f.Name] {
				seen[f.Name] = true
				t.Columns = append(t.Columns, f.Name)
			}
		}
	}
}

func count(n *int64, yes bool) {
	if yes {
		*n++
	}
}

// SameColumns reports whether two lists of extra columns have the same names in the same order.
func SameColumns(a, b []Field) bool {
	return slices.EqualFunc(a, b, func(x, y Field) bool { return x.Name == y.Name })
}

// AddItems books new items, which are pending. They belong to the present reading if read is set.
func (b *Batch) AddItems(t *Totals, read bool) {
	if n := len(b.Additions); read && t.Items > 0 && (n == 0 || b.Additions[n-1].Reading != b.Reading.Number) {
		if n >= maxAdditions {
			b.Additions = slices.Clone(b.Additions[n-maxAdditions+1:])
		}
		b.Additions = append(b.Additions, Addition{Reading: b.Reading.Number, First: uint64(b.Counts.Items), Started: b.Reading.Started})
	}
	b.Counts.Items += t.Items
	b.Counts.Pending += t.Items
	b.Versions += t.Versions
	b.Unsourced += t.Unsourced
	o := &b.Own
	o.Services, o.Priority, o.Destination = o.Services+t.Own.Services, o.Priority+t.Own.Priority, o.Destination+t.Own.Destination
	o.Region, o.Endpoint, o.Partial = o.Region+t.Own.Region, o.Endpoint+t.Own.Endpoint, o.Partial+t.Own.Partial
	b.Columns = append(b.Columns, Without(t.Columns, b.Columns)...)
}

// Without returns the names that are not among others.
func Without(names, others []string) []string {
	if len(names) == 0 {
		return nil
	}
	has := make(map[string]bool, len(others))
	for _, name := range others {
		has[name] = true
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return has[name] })
}

// AddRows books rows in the reading: d holds their counts.
func (r *Reading) AddRows(d *Reading) {
	r.Rows, r.Added, r.Known, r.Restored = r.Rows+d.Rows, r.Added+d.Added, r.Known+d.Known, r.Restored+d.Restored
	r.Duplicates, r.Rejected, r.Skipped = r.Duplicates+d.Duplicates, r.Rejected+d.Rejected, r.Skipped+d.Skipped
	for why, n := range d.SkippedBy {
		if r.SkippedBy == nil {
			r.SkippedBy = map[string]int64{}
		}
		r.SkippedBy[why] += n
	}
}

const (
	// acceptedApart is the least distance of two instants in Accepted.
	acceptedApart = 10 * time.Second
	// maxAccepted bounds Accepted.
	maxAccepted = 32
)

// noteAccepted adds an instant to [Batch.Accepted]. When the list is full, every second instant of its older half is dropped, so
// that recent instants are dense and older ones sparse.
func (b *Batch) noteAccepted(at time.Time) {
	list := b.Accepted
	if n := len(list); at.IsZero() || n > 0 && at.Sub(list[n-1]) < acceptedApart {
		return
	}
	if len(list) == maxAccepted {
		thin := list[:0:0]
		for i, t := range list {
			if i%2 == 0 || i >= maxAccepted/2 {
				thin = append(thin, t)
			}
		}
		list = thin
	}
	b.Accepted = append(list, at.UTC().Round(0))
}

// forgetAccepted removes the instant of a job that became in doubt.
func (b *Batch) forgetAccepted(at time.Time) {
	b.Accepted = slices.DeleteFunc(slices.Clone(b.Accepted), func(t time.Time) bool {
		return t.UnixMilli() == at.UnixMilli()
	})
}

func (b *Batch) errorsOf(code string) int {
	return slices.IndexFunc(b.Errors, func(e ErrorCount) bool { return e.Code == code })
}

// HasErrors reports whether [Batch.Errors] has a group of that code.
func (b *Batch) HasErrors(code string) bool { return b.errorsOf(code) >= 0 }

// addError books a failed item under its code, or under [OtherErrors] if there are too many codes. example is the key that
// a new group shows.
func (b *Batch) addError(r Record, example string) {
	code := r.Code
	i := b.errorsOf(code)
	if i < 0 && len(b.Errors) >= MaxErrorGroups-1 {
		code = OtherErrors
		i = b.errorsOf(code)
	}
	if i < 0 {
		b.Errors = append(b.Errors, ErrorCount{Code: code, Message: r.Message, ExampleKey: example})
		i = len(b.Errors) - 1
	}
	b.Errors[i].Count++
}

// dropError undoes addError for one item. If items of one code are partly counted under [OtherErrors], they are taken from their own
// group first, so that no count becomes negative.
func (b *Batch) dropError(code string) error {
	i := b.errorsOf(code)
	if i < 0 {
		i = b.errorsOf(OtherErrors)
	}
	if i < 0 {
		return errors.New("the sums of errors lack code " + code)
	}
	if b.Errors[i].Count--; b.Errors[i].Count == 0 {
		b.Errors = slices.Delete(b.Errors, i, i+1)
	}
	return nil
}
