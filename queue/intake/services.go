package intake

import (
	"encoding/json"
	"strings"

	"github.com/rs/zerolog"

	"airlift/manifest/entry"
)

// ServiceWarnings warns of services that AiR's API page does not name, once an id: a misspelled one would cost a job for
// every object. It is no error, for AiR may have new services.
type ServiceWarnings struct {
	// Suggest returns what stands behind the name of an unknown service: the known one that is most probably meant, or "".
	Suggest func(name string, known []string) string

	warned map[string]bool
	// checked are the services that were looked at, as they are written: most rows say the same.
	checked map[string]bool
}

// maxChecked bounds the services and ids that a ServiceWarnings keeps.
const maxChecked = 1000

// Check warns of the unknown ids of some services; place says where they stand. A nil ServiceWarnings checks nothing.
func (w *ServiceWarnings) Check(log zerolog.Logger, place string, line int64, services json.RawMessage) {
	if w == nil || len(services) == 0 || w.checked[string(services)] {
		return
	}
	if w.warned == nil {
		w.warned, w.checked = map[string]bool{}, map[string]bool{}
	}
	if len(w.checked) < maxChecked {
		w.checked[string(services)] = true
	}
	for _, id := range entry.UnknownServices(services) {
		if w.warned[id] || len(w.warned) == maxChecked {
			continue
		}
		w.warned[id] = true
		e := log.Warn()
		if line > 0 {
			e = e.Int64("line", line)
		}
		remedy := w.Suggest(id, entry.KnownServices())
		if remedy == "" {
			remedy = "; it is sent as it is written"
		}
		e.Msgf("%s: %q is no service that airlift knows (%s)%s", place, id, strings.Join(entry.KnownServices(), ", "), remedy)
	}
}
