package openjobs

import (
	"context"
	"slices"
	"time"

	"airlift/worker/air"
)

// openStatuses are those of jobs that have not ended, in the order in which a job has them. A job that moves on while its list is
// read is shown by a later one.
var openStatuses = []string{air.StatusSubmitted, air.StatusPreflight, air.StatusInProgress}

const (
	// maxPages bounds the pages of one list.
	maxPages = 10_000
	// endedPages is after how many pages without an open job a list counts as read that shows ended jobs although only open ones
	// were asked for.
	endedPages = 20
)

// load counts the jobs of a batch that earlier runs have left open.
func (c *Counter) load(ctx context.Context, batch string) error {
	found := map[string]Job{}
	pages, filters := 0, true
	for _, status := range openStatuses {
		n, ok, err := c.loadStatus(ctx, batch, status, found)
		if err != nil {
			return err
		}
		pages += n
		if filters = ok; !filters {
			break // this list had the jobs of every status
		}
	}
	if filters && pages > len(openStatuses) {
		// Jobs that leave a list meanwhile move others to pages that were read already.
		for _, status := range openStatuses {
			if _, _, err := c.loadStatus(ctx, batch, status, found); err != nil {
				return err
			}
		}
	}
	all := make([]Job, 0, len(found))
	for _, j := range found {
		all = append(all, j)
	}
	slices.SortFunc(all, func(a, b Job) int { return a.At.Compare(b.At) })
	c.Add(all...)
	return nil
}

// loadStatus adds the open jobs of a batch that the list of a status shows, newest first. It returns how many pages had jobs, and
// whether the list had jobs of this status alone.
func (c *Counter) loadStatus(ctx context.Context, batch, status string, found map[string]Job) (pages int, filters bool, err error) {
	filters = true
	shown := map[string]bool{}
	for without := 0; pages < maxPages; {
		page, err := c.c.API.List(ctx, air.ListQuery{Batch: batch, Status: status, PageNumber: pages + 1, Descending: true})
		switch {
		case err != nil && pages > 0 && isRefused(err), err == nil && len(page.Jobs) == 0:
			return pages, filters, nil
		case err != nil:
			return pages, filters, err
		}
		pages++
		news, open := false, false
		for _, j := range page.Jobs {
			news = news || !shown[j.ID]
			shown[j.ID] = true
			filters = filters && j.Status == status
			if j.Batch == batch && !hasEnded(j.Status) {
				open = true
				found[j.ID] = Job{Batch: batch, ID: j.ID, At: acceptedAt(j, page.Date)}
			}
		}
		if without++; open {
			without = 0
		}
		if !news || isEnough(filters, without) {
			break
		}
	}
	return pages, filters, nil
}

// isEnough reports whether a list counts as read after so many pages without an open job.
func isEnough(filters bool, without int) bool { return !filters && without == endedPages }

// acceptedAt returns when a listed job was accepted, by our clock. date is AiR's time as it listed it.
func acceptedAt(j air.Job, date time.Time) time.Time {
	now := time.Now()
	created, ok := j.CreatedAt()
	if !ok || date.IsZero() || created.After(date) {
		return now
	}
	return now.Add(-date.Sub(created))
}
