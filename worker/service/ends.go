package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// AccountError is why the work on the batches of one account has ended, where that on several is told.
type AccountError struct {
	Account string
	Err     error
}

func (e *AccountError) Error() string { return fmt.Sprintf("account %s: %v", e.Account, e.Err) }

// Unwrap returns the reason alone.
func (e *AccountError) Unwrap() error { return e.Err }

// sorted returns all runs by the name of the account.
func (f *fleet) sorted() (all []*accountRun) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(f.all)) {
		one := *f.all[name]
		all = append(all, &one)
	}
	return all
}

// outcome returns how each account did, if there are several, and why the runs have ended. cause is the end of the call's context.
func (f *fleet) outcome(cause error) ([]AccountError, error) {
	all := slices.DeleteFunc(f.sorted(), func(one *accountRun) bool { return one.guest })
	if !f.several && len(all) == 1 {
		return nil, all[0].err
	}
	var ends []AccountError
	var errs Errors
	if cause != nil {
		errs = append(errs, cause)
	}
	for _, one := range all {
		ends = append(ends, AccountError{one.account, one.err})
		if one.err != nil && !(cause != nil && errors.Is(one.err, cause)) {
			errs = append(errs, &ends[len(ends)-1])
		}
	}
	switch len(errs) {
	case 0:
		return ends, nil
	case 1:
		return ends, errs[0]
	}
	return ends, errs
}

// now returns the status of the batches that the runs work, in the order of the request.
func (f *fleet) now(ctx context.Context, ended bool) ([]Status, error) {
	if ended && f.r.Serve {
		return f.Status(ctx, StatusQuery{InTurn: true})
	}
	all := []Status{}
	for _, one := range f.sorted() {
		if one.guest {
			continue
		}
		q := StatusQuery{Batches: one.batches, InTurn: true}
		if one.pool != nil {
			run := one.pool.Progress()
			q.Now, q.Limits = one.pool.Now(), limitsIn(one.pool)
			if !ended {
				q.Run = &run
			}
			if f.r.Serve {
				q.Batches = one.pool.Worked()
			}
		}
		if len(q.Batches) == 0 {
			continue
		}
		some, err := f.Status(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	at := func(s Status) int { return slices.Index(f.r.Batches, s.Batch) }
	slices.SortStableFunc(all, func(a, b Status) int { return cmp.Compare(at(a), at(b)) })
	return all, nil
}
