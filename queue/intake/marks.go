package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"airlift/manifest"
	"airlift/manifest/s3scan"
	"airlift/queue"
)

// staleAfter is how old a scan may be that is gone on with: what came into its bucket since is found by the next one only.
const staleAfter = 24 * time.Hour

// scanMark is stored with the rows of a scan, page by page, so that another process can go on behind them.
type scanMark struct {
	// Begun is when the reading began.
	Begun time.Time `json:"begun"`
	// Cursor is where the scan stands. Done: at its end, while those after it in the same reading are not.
	Cursor []byte `json:"cursor,omitempty"`
	Done   bool   `json:"done,omitempty"`
}

// progress is what a reading knows of where it stands, as far as another process can go on with it.
type progress struct {
	kept        bool             // marks are stored; false if nobody could go on
	fingerprint string           // tells this reading from others
	begun       time.Time        // by the process that began it
	scans       map[int]scanMark // where the scans stand that are gone on with
	pending     []queue.Mark     // to be stored with the next whole page
	void        bool             // the server cannot go on: the marks are worth nothing
}

// resumable reports whether the reading could be gone on with: scans can; a manifest is read from its beginning, which
// would count its rows twice, and what --limit and --sample have taken is not stored. Nor is it with --preflight, beside
// which a listing takes no time: to go on, a page is stored as a whole, which may be a minute's looking. With
// --replace the process that ends a reading must have met all that the reading has.
func (r *Reading) resumable() bool {
	return r.Sample == 0 && r.Limit == 0 && r.preflight == nil && !r.replace &&
		!slices.ContainsFunc(r.List, func(src manifest.Source) bool { return src.Kind != manifest.KindS3Scan })
}

// begin goes on with the batch's latest reading if that is this one and broke off; else it begins a new one.
func (r *Reading) begin(ctx context.Context, db queue.Store, batch string) error {
	if r.resumable() {
		// The settings reject rows, the nightly flags leave some out.
		choosing, err := json.Marshal([]any{r.Fingerprint, r.needs, r.changed, r.sent.batches})
		if err != nil {
			return err
		}
		sum := sha256.Sum256(choosing)
		r.progress = progress{kept: true, begun: time.Now().UTC(), fingerprint: hex.EncodeToString(sum[:8])}
		if err := r.recall(ctx, db, batch); err != nil {
			return err
		}
	}
	if r.scans == nil {
		return db.BeginReading(ctx, batch, false)
	}
	if r.next > 0 { // what was read ahead is from the beginning
		r.closeSource()
		r.head, r.next, r.nothing = nil, 0, emptiness{}
		r.mu.Lock()
		r.end = End{}
		r.mu.Unlock()
	}
	return db.BeginReading(ctx, batch, true)
}

// recall finds the marks of this reading.
func (r *Reading) recall(ctx context.Context, db queue.Store, batch string) error {
	marks, err := db.Marks(ctx, batch)
	if err != nil || len(marks) == 0 {
		return err
	}
	scans, begun := map[int]scanMark{}, time.Time{}
	for _, m := range marks {
		i := slices.IndexFunc(r.List, func(src manifest.Source) bool { return m.Key == r.markKey(src) })
		if i < 0 {
			continue
		}
		var found scanMark
		if err := json.Unmarshal(m.Value, &found); err != nil {
			return fmt.Errorf("where an earlier scan stood: %w", err)
		}
		scans[i], begun = found, found.Begun
	}
	switch age := time.Since(begun); {
	case len(scans) == 0:
		r.log.Info().Msg("the scan that broke off was of other sources or had other filters: this one begins afresh")
	case age > staleAfter || age < 0:
		r.log.Info().Time("begun", begun).Msg("the scan that broke off is too old to go on with: this one begins afresh")
	default:
		r.scans, r.begun = scans, begun
		r.log.Info().Time("begun", begun).Msg("going on with the scan that broke off")
	}
	return nil
}

func (r *Reading) markKey(src manifest.Source) string {
	return "scan " + r.progress.fingerprint + " " + src.Canonical()
}

// mark notes where the scan of a source stands.
func (r *Reading) mark(source int, m scanMark) queue.Mark {
	m.Begun = r.begun
	value, err := json.Marshal(m)
	if err != nil {
		panic(err) // there is nothing in it that JSON lacks
	}
	return queue.Mark{Key: r.markKey(r.List[source]), Value: value}
}

// placed says whether the page that a row belongs to goes on, and if not, where the scan stands behind it.
func (r *Reading) placed(got row) row {
	scan, ok := r.current.(manifest.Resumer)
	if !r.kept || !ok {
		return got
	}
	at := scan.Cursor()
	if at == nil {
		got.part = true
		return got
	}
	got.marks, r.pending = append(r.pending, r.mark(r.next-1, scanMark{Cursor: at})), nil
	return got
}

// ended notes that the scan of a source came to its clean end. At the end of all, the reading is complete and its marks
// are gone.
func (r *Reading) ended() {
	if r.kept {
		r.pending = append(r.pending, r.mark(r.next-1, scanMark{Done: true}))
	}
}

// forget takes the marks away if they are worth nothing, so that the next run begins afresh.
func (r *Reading) forget(ctx context.Context, db queue.Store, batch string) error {
	if !r.void {
		return nil
	}
	var gone []queue.Mark
	for _, src := range r.List {
		gone = append(gone, queue.Mark{Key: r.markKey(src)})
	}
	_, err := db.Add(ctx, batch, queue.Chunk{Marks: gone})
	return err
}

// doubtCursor notes an error that says so.
func (r *Reading) doubtCursor(err error) { r.void = r.void || errors.Is(err, s3scan.ErrCursor) }
