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

// staleAfter is the age from which an interrupted scan is not resumed: objects added to its bucket since then are found
// only by the next scan.
const staleAfter = 24 * time.Hour

// scanMark is stored with each page of a scan, so that another process can resume after it.
type scanMark struct {
	// Begun is when the reading began.
	Begun time.Time `json:"begun"`
	// Cursor is the position of the scan. Done says that the scan has ended, while later ones of the same reading have
	// not.
	Cursor []byte `json:"cursor,omitempty"`
	Done   bool   `json:"done,omitempty"`
}

// progress is the state from which another process can resume a reading.
type progress struct {
	kept        bool             // marks are stored, as the reading can be resumed
	fingerprint string           // identifies this reading
	begun       time.Time        // when the reading began, in whichever process
	scans       map[int]scanMark // the resumed scans, by the index of their source
	pending     []queue.Mark     // to be stored with the next whole page
	void        bool             // the server cannot resume: the marks are useless
}

// resumable reports whether another process can resume the reading. Only scans can be resumed. A manifest is read from
// its beginning, so its rows would be counted twice. The selection of --limit and --sample is not stored. With --preflight,
// listing is little of the work, and a page, stored as a whole, would take a minute. With --replace
// the process that ends the reading must have read all of it.
func (r *Reading) resumable() bool {
	return r.Sample == 0 && r.Limit == 0 && r.preflight == nil && !r.replace &&
		!slices.ContainsFunc(r.List, func(src manifest.Source) bool { return src.Kind != manifest.KindS3Scan })
}

// begin resumes the batch's latest reading if that is this one and was interrupted; else it begins a new one.
func (r *Reading) begin(ctx context.Context, db queue.Store, batch string) error {
	if r.resumable() {
		// Include everything that decides which rows are rejected or skipped.
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
	if r.next > 0 { // the rows read ahead are from the beginning
		r.closeSource()
		r.head, r.next, r.nothing = nil, 0, emptiness{}
		r.mu.Lock()
		r.end = End{}
		r.mu.Unlock()
	}
	return db.BeginReading(ctx, batch, true)
}

// recall loads the marks of this reading.
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
			return fmt.Errorf("read the mark of an earlier scan: %w", err)
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

// mark returns the mark of a source's scan.
func (r *Reading) mark(source int, m scanMark) queue.Mark {
	m.Begun = r.begun
	value, err := json.Marshal(m)
	if err != nil {
		panic(err) // it holds only what JSON can express
	}
	return queue.Mark{Key: r.markKey(r.List[source]), Value: value}
}

// withMarks adds the scan's resume position to the last row of a page. It sets part on the other rows: more rows of their
// page follow.
func (r *Reading) withMarks(got row) row {
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

// ended marks the scan of a source as done. Once all are, the reading is complete and its marks are deleted.
func (r *Reading) ended() {
	if r.kept {
		r.pending = append(r.pending, r.mark(r.next-1, scanMark{Done: true}))
	}
}

// forget removes the marks if they are useless, so that the next run starts from the beginning.
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

// doubtCursor records whether the server rejected the cursor.
func (r *Reading) doubtCursor(err error) { r.void = r.void || errors.Is(err, s3scan.ErrCursor) }
