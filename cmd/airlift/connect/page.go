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
	// Log shows where the page is.
	Log zerolog.Logger
	// OnTerminal says that Log is read by the user alone, as it comes: then the links that it shows hold the tokens.
	OnTerminal bool
}

// servePage serves the page of a queue. Without it this process works as well.
func (c Config) servePage(h *held) {
	calls := c.api(h)
	seen := metrics.New(metrics.Config{
		Version: c.Build, Overview: calls.Service.Overview, Runs: h.host.Runs, Ending: c.Page.Ending, Log: c.Log,
	})
	page, err := web.Listen(web.Config{Place: c.Page.Place, Kept: c.Path + ".token", API: calls, Metrics: seen})
	if err != nil {
		c.Log.Warn().Err(err).Str("listen", c.Page.Address).Msg("the page of the queue is not served; all else goes on")
		return
	}
	h.host.Observer = seen.Observer
	others := h.stop
	h.stop = func() {
		page.Close()
		others()
	}
	switch {
	case page.Tokens.Read == "":
		c.Page.Log.Info().Str("url", page.URL).Msg("the page of the queue, for the tokens of --listen-token-file")
		return
	case !c.Page.OnTerminal: // logs are kept, and read by others
		c.Page.Log.Info().Str("url", page.URL).Str("read", c.Path+".token.read").Str("act", c.Path+".token.act").
			Msg("the page of the queue: open the address with #token= and the token in one of these files, to read alone or to act")
		return
	}
	c.Page.Log.Info().Str("read", page.Link(page.Tokens.Read)).Str("act", page.Link(page.Tokens.Act)).Msg("the page of the queue: to read alone, and to act")
}
