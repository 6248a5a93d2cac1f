package eventlog

import (
	"errors"
	"testing"

	"github.com/rs/zerolog"
)

// The events are the latest lines; lines in a row that say the same are one.
func TestEvents(t *testing.T) {
	e := &Log{}
	log := zerolog.New(e).With().Timestamp().Logger()
	log.Debug().Msg("not kept")
	for i := range 100 {
		log.Info().Str("batch", "b").Int("n", i).Msg("step")
		log.Warn().Err(errors.New("broken\npipe")).RawJSON("services", []byte(`{"ocr":""}`)).Msg("lost")
	}
	log.Warn().Err(errors.New("again")).Msg("lost")
	all := e.Latest()
	if len(all) != Most || all[0].Text != "step n=75" || all[0].Batch != "b" || all[0].Count != 1 || all[0].Time.IsZero() {
		t.Errorf("got %d, the first %+v", len(all), all[0])
	}
	if last := all[Most-1]; last.Text != "lost error=again" || last.Count != 2 || last.Level != "warn" {
		t.Errorf("the last: %+v", last)
	}
}
