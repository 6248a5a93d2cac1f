package intake

import (
	"encoding/json"
	"strings"

	"github.com/rs/zerolog"

	"airlift/manifest/entry"
)

// ServiceWarnings warns once of each service that AiR's API page does not name: a misspelled one would cost a job for
// every object. An unknown service is not an error, as AiR may have new ones.
type ServiceWarnings struct {
	// Suggest returns a remark that names the known service which is probably meant, or "".
	Suggest func(name string, known []string) string

	warned map[string]bool
	// checked are the services already checked, as written: most rows have the same.
	checked map[string]bool
}

// maxChecked bounds the services and ids that a ServiceWarnings keeps.
const maxChecked = 1000

// Check warns of unknown services; place says where they were given. A nil ServiceWarnings checks nothing.
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
