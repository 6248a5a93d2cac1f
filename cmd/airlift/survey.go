package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/worker/service"
)

// survey is what a reading would come to, found out without touching the queue.
type survey struct {
	queue.Reading
	items    int64
	rejected []queue.Rejected // at most listRejected
	reading  *reading
	// known are the items of the trial, by sequence number, that the real queue has or refuses.
	known bitset
	// seen are the items of the queue's batch that the reading has, by sequence number; withdrawn counts those that
	// --replace would withdraw.
	seen      bitset
	withdrawn queue.Counts
}

// bitset holds small numbers, a bit each.
type bitset []uint64

func (b *bitset) add(n uint64) {
	for uint64(len(*b)) <= n/64 {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b bitset) has(n uint64) bool { return n/64 < uint64(len(b)) && b[n/64]&(1<<(n%64)) != 0 }

// survey reads all sources into a queue of its own, which is thrown away, and compares the items with the real one. look,
// if not nil, sees that queue before it goes.
func (t *intake) survey(ctx context.Context, look func(trial queue.Store, s *survey) error) (s survey, err error) {
	dir, err := os.MkdirTemp("", "airlift-survey-*")
	if err != nil {
		return s, fmt.Errorf("make room for a trial reading: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := bolt.Open(filepath.Join(dir, "survey.db"), bolt.Options{LockTimeout: lockTimeout})
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.CreateBatch(ctx, queue.Batch{ID: t.batch, Account: queue.DefaultAccount, Created: time.Now().UTC()}); err != nil {
		return s, err
	}
	trial := t.reading.afresh(t.sources)
	// What was read ahead is not read again.
	trial.head, trial.next, trial.current = t.reading.head, t.reading.next, t.reading.current
	trial.worst, trial.broken = t.reading.exitStatus()
	trial.nothing, trial.empty, trial.columns = t.reading.nothing, t.reading.empty, t.reading.columns
	if err := trial.into(ctx, db, t.batch); err != nil {
		return s, err
	}
	b, err := db.Batch(ctx, t.batch)
	if err != nil {
		return s, err
	}
	s.Reading, s.reading = b.Reading, trial
	reject := func(r queue.Rejected) error {
		if len(s.rejected) < listRejected {
			s.rejected = append(s.rejected, r)
		}
		return nil
	}
	if err := db.Rejected(ctx, t.batch, reject); err != nil {
		return s, err
	}
	s.items = s.Added
	if t.db != nil {
		if err := t.compareWithQueue(ctx, db, &s, reject); err != nil {
			return s, err
		}
	}
	if look != nil {
		return s, look(db, &s)
	}
	return s, nil
}

// compareWithQueue takes from the added what the queue's batch has already.
func (t *intake) compareWithQueue(ctx context.Context, trial queue.Store, s *survey, reject func(queue.Rejected) error) error {
	b, err := t.db.Batch(ctx, t.batch)
	if errors.Is(err, queue.ErrBatchNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.items = b.Counts.Items
	trialChunk := queue.Chunk{Changed: t.reading.changed, Trial: true}
	first := uint64(0) // the sequence number of the chunk's first item, in the trial
	compare := func() error {
		added, err := t.db.Add(ctx, t.batch, trialChunk)
		if err != nil {
			return err
		}
		s.items += int64(added.Added)
		s.Added -= int64(len(trialChunk.Items) - added.Added)
		s.Known += int64(added.Known)
		s.Rejected += int64(len(added.Conflicts))
		for _, seq := range added.Seen {
			s.seen.add(seq)
		}
		for i, isNew := range added.IsNew {
			if !isNew {
				s.known.add(first + uint64(i))
			}
		}
		first += uint64(len(trialChunk.Items))
		trialChunk.Items = trialChunk.Items[:0]
		for _, r := range added.Conflicts {
			if err := reject(r); err != nil {
				return err
			}
		}
		return nil
	}
	err = queue.Entries(ctx, trial, t.batch, queue.Filter{}, func(e *queue.Entry) error {
		if trialChunk.Items = append(trialChunk.Items, e.Item); len(trialChunk.Items) < mostRows {
			return nil
		}
		return compare()
	})
	if err == nil {
		err = compare()
	}
	if err != nil || !t.replace.replace {
		return err
	}
	return s.countWithdrawn(ctx, t.db, t.batch)
}

// checkStrict refuses the whole reading if any row is bad.
func (t *intake) checkStrict(ctx context.Context) error {
	s, err := t.survey(ctx, nil)
	if err != nil {
		return err
	}
	if s.reading.broken != nil {
		return usagef("--strict: nothing was enqueued: %v", s.reading.broken)
	}
	if s.Rejected > 0 {
		text := fmt.Sprintf("--strict: nothing was enqueued, for %d rows are bad:", s.Rejected)
		for _, r := range s.rejected {
			text += "\n  " + term.Rejected(&r)
		}
		return usagef("%s", text)
	}
	// The trial has used the sources up: read them from the beginning.
	t.reading = t.reading.afresh(t.sources)
	return t.rewind()
}

// dryRun prints what a run would do.
func (a *app) dryRun(ctx context.Context, t *intake, asJSON bool) error {
	var first []queue.Preview
	s, err := t.survey(ctx, func(trial queue.Store, s *survey) (err error) {
		first, err = t.firstJobs(ctx, trial, s)
		return err
	})
	if err != nil {
		return err
	}
	sum := service.Status{Batch: t.batch, Rows: s.Rows, Added: s.Added, Known: s.Known, Duplicates: s.Duplicates, Rejected: s.Rejected,
		Skipped: s.Skipped, Items: s.items, Pending: s.items, State: "idle", Errors: []queue.ErrorCount{}, SkippedBy: s.SkippedBy,
		Incomplete: s.reading.broken != nil, Unmatched: s.reading.unmatched(), Replaced: s.Withdrawn, AcceptedEarlier: s.withdrawn.Submitted, FirstJobs: first}
	if t.db != nil {
		account, err := t.db.Account(ctx, queue.DefaultAccount, queue.DayOf(time.Now()))
		if err != nil {
			return err
		}
		sum.SubmittedToday = account.Day.Submitted
		if have, err := a.service(t.db, t.opened).Status(ctx, service.StatusQuery{Batches: []string{t.batch}}); err == nil {
			addStates(&sum, have[0])
		}
		moveWithdrawn(&sum, s.withdrawn)
	}
	if sum.SkippedBy == nil {
		sum.SkippedBy = map[string]int64{}
	}
	if asJSON {
		err = term.JSON(a.out, &sum)
	} else {
		err = term.Status(a.out, &sum, s.rejected, "dry run: nothing was stored or sent")
	}
	if err != nil {
		return err
	}
	if t.replace.replace && s.reading.broken == nil {
		if err := s.CheckReplace(t.sources.allowEmpty); err != nil {
			return &codeError{exitIncomplete, "--replace: nothing would be cancelled or sent: " + replaceRefusal(err)}
		}
	}
	return s.fate(false)
}
