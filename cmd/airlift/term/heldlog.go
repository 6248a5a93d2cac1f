package term

import (
	"sync"

	"github.com/rs/zerolog"
)

// maxHeld is how many lines a HeldLog keeps. Later ones are dropped: those of the beginning show the cause.
const maxHeld = 1000

// HeldLog passes the lines of a log on or, while it holds them, keeps the warnings until it is known whether they matter.
// Errors are always passed on, after what was kept. It is safe for concurrent use.
type HeldLog struct {
	To zerolog.LevelWriter

	mu sync.Mutex
	// The fields below are guarded by mu.
	holds bool
	kept  []heldLine
}

type heldLine struct {
	level zerolog.Level
	text  []byte
}

// Write implements io.Writer.
func (h *HeldLog) Write(line []byte) (int, error) { return h.WriteLevel(zerolog.NoLevel, line) }

// WriteLevel implements zerolog.LevelWriter.
func (h *HeldLog) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holds && level < zerolog.ErrorLevel {
		if len(h.kept) < maxHeld {
			h.kept = append(h.kept, heldLine{level, append([]byte(nil), line...)})
		}
		return len(line), nil
	}
	h.pass()
	return h.To.WriteLevel(level, line)
}

// Hold keeps the lines from now on.
func (h *HeldLog) Hold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds = true
}

// Release passes on what was kept if that matters, else drops it, and holds no longer.
func (h *HeldLog) Release(matters bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds = false
	if matters {
		h.pass()
	}
	h.kept = nil
}

// pass passes on what was kept. The caller holds mu.
func (h *HeldLog) pass() {
	for _, line := range h.kept {
		_, _ = h.To.WriteLevel(line.level, line.text) // as with each line of a log
	}
	h.kept = nil
}
