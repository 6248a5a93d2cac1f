package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"airlift/queue"
)

// The duration of a request is in milliseconds, as `airlift show --json` has it, and survives the way.
func TestDurationsAreInMilliseconds(t *testing.T) {
	want := []queue.Event{{Duration: 312 * time.Millisecond}, {}}
	text, err := json.Marshal(fromEvents(want))
	must(t, err)
	if !strings.Contains(string(text), `"duration_ms":312`) || strings.Contains(string(text), `"duration":`) {
		t.Errorf("got %s", text)
	}
	var got []eventJSON
	must(t, json.Unmarshal(text, &got))
	if !slices.Equal(events(got), want) {
		t.Errorf("got %+v, want %+v", events(got), want)
	}
}
