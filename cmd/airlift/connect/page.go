package connect

import (
	"github.com/rs/zerolog"

	"airlift/worker/service/metrics"
	"airlift/worker/service/web"
)

// Page is the page of a queue.
type Page struct {
	web.Place
	// Ending is closed when the process begins to end.
	Ending <-chan struct{}
	// Log shows the links of the page. They hold tokens, so no other may see its lines.
	Log zerolog.Logger
}

// servePage serves the page of a queue. Without it this process works as well.
func (c Config) servePage(h *held) {
	calls := c.api(h)
	seen := metrics.New(metrics.Config{
		Version: c.Build, Overview: calls.Service.Overview, Running: h.host.Running, Ending: c.Page.Ending, Log: c.Log,
	})
	page, err := web.Listen(web.Config{Place: c.Page.Place, Kept: c.Path + ".token", API: calls, Metrics: seen})
	if err != nil {
		c.Log.Warn().Err(err).Str("listen", c.Page.Address).Msg("the page of the queue is not served; all else goes on")
		return
	}
	h.host.Observer = seen
	others := h.stop
	h.stop = func() {
		page.Close()
		others()
	}
	if page.Tokens.Read == "" {
		c.Page.Log.Info().Str("url", page.URL).Msg("the page of the queue, for the tokens of --listen-token-file")
		return
	}
	c.Page.Log.Info().Str("read", page.Link(page.Tokens.Read)).Str("act", page.Link(page.Tokens.Act)).Msg("the page of the queue: to read alone, and to act")
}
