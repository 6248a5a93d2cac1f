package worker

import (
	"errors"
	"fmt"
	"time"

	"airlift/worker/air"
	"airlift/worker/stop"
	"airlift/worker/streaks"
)

// countMixUp counts an answer that belongs to another request than the one sent at that time; what describes it. It
// distrusts all connections, and stops the run at the third such answer in a row.
func (s *shared) countMixUp(in *streaks.MixUps, sent time.Time, what string) {
	s.API.DistrustConnections()
	if in.Add(sent) >= streaks.MaxMixUps {
		s.stop(stop.Errorf(stop.Setup, "%d answers in a row belonged to other requests; the last: %s. Remove the proxy or load balancer between airlift and AiR "+
			"that mixes them up, then run the same command again: it looks up the items in doubt", streaks.MaxMixUps, what))
	}
}

// proxyOf names the proxy that kept a request from AiR, empty if none did.
func proxyOf(err error) string {
	if e, ok := errors.AsType[*air.Error](err); ok {
		return e.Proxy
	}
	return ""
}

// warnUnreadable logs the beginning of the answer that came instead of a list.
func (l *lookups) warnUnreadable(err error) {
	var e *air.Error
	errors.As(err, &e)
	came := "is empty"
	if e.Excerpt != "" {
		came = fmt.Sprintf("begins with %q", e.Excerpt)
	}
	l.Log.Warn().Err(err).Msg(fmt.Sprintf("AiR's list of jobs could not be read %d times in a row; the last answer %s. "+
		"Items in doubt stay in doubt until a list can be read: check --air-url and any proxy in between", streaks.MaxUnreadable, came))
}
