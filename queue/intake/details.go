package intake

import (
	"time"

	"airlift/manifest"
	"airlift/manifest/preflight"
	"airlift/queue"
)

// addDetails stores with an item the object's size and ETag from its source.
func addDetails(it *queue.Item, e *manifest.Entry) {
	if e.Sized || e.ETag != "" {
		it.Details = &queue.Details{Size: queue.UnknownSize, ETag: e.ETag}
	}
	if e.Sized {
		it.Details.Size = e.Size
	}
}

// addMedia stores with an item the duration and audio channels found in the object's container.
func addMedia(it *queue.Item, m preflight.Media) {
	if m.Duration <= 0 && m.Channels <= 0 {
		return
	}
	if it.Details == nil {
		it.Details = &queue.Details{Size: queue.UnknownSize}
	}
	it.Details.Duration, it.Details.Channels = m.Duration.Round(time.Millisecond), m.Channels
}
