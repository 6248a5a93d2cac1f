package intake

import (
	"context"
	"errors"

	"airlift/queue"
)

// ReplaceError says why a reading does not replace the earlier ones. Unread is as in [End].
type ReplaceError struct {
	text   string
	Unread bool
}

func (e *ReplaceError) Error() string { return e.text }

// replaceEarlier withdraws the items of earlier readings that this reading, which has ended, does not have. After an
// error nothing must be sent.
func (r *Reading) replaceEarlier(ctx context.Context, db queue.Store, batch string) error {
	const nothing = "--replace: nothing was cancelled or sent: "
	if end := r.End(); end.Broken != nil {
		return &ReplaceError{nothing + BrokenText(end.Broken), end.Unread}
	}
	b, err := db.Batch(ctx, batch)
	if err != nil {
		return err
	}
	if err := b.Reading.CheckReplace(r.AllowEmpty); err != nil {
		return &ReplaceError{text: nothing + replaceRefusal(err)}
	}
	w, err := db.Change(ctx, batch, queue.Change{Do: queue.DoReplace})
	r.Accepted = w.Accepted
	if w.Items > 0 || w.InDoubt > 0 {
		r.log.Info().Str("batch", batch).Int64("items", w.Items).Int64("in_doubt", w.InDoubt).
			Msg("--replace: cancelled the items of earlier readings that the sources no longer have; items in doubt are cancelled if AiR has no job for them")
	}
	if w.Accepted > 0 {
		r.log.Warn().Str("batch", batch).Int64("items", w.Accepted).Msg("--replace: AiR has accepted these items of earlier readings already, which the sources do not have: their jobs cannot be taken back")
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // the same command completes it
	}
	return err
}

// replaceRefusal says why a reading does not replace the earlier ones, and how to force it.
func replaceRefusal(err error) string {
	if errors.Is(err, queue.ErrNothingRead) {
		return err.Error() + ". If that is meant, add --allow-empty"
	}
	return err.Error()
}
