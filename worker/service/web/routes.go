package web

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"

	"airlift/worker/service/api"
)

// static has the page. Its files are served as they are.
//
//go:embed static
var static embed.FS

// route is one path.
type route struct {
	method, path string
	// right is what a caller needs. A route that is not open and has neither [api.Read] nor [api.Act] is refused.
	right  api.Right
	open   bool
	handle http.Handler
}

// routes returns all paths.
func (h *handler) routes(c Config) []route {
	all := []route{
		{"GET", "/{$}", 0, true, file("index.html")},
		{"GET", "/page.css", 0, true, file("page.css")},
		{"GET", "/healthz", 0, true, c.Metrics.Healthz()},
		{"GET", "/readyz", 0, true, c.Metrics.Readyz()},
		{"GET", "/metrics", api.Read, false, c.Metrics.Scrape()},
	}
	scripts, err := fs.Glob(static, "static/*.js")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	for _, script := range scripts {
		all = append(all, route{"GET", "/" + path.Base(script), 0, true, file(path.Base(script))})
	}
	for _, r := range api.Routes() {
		if r.Right == api.Read || r.Right == api.Act {
			all = append(all, route{r.Method, r.Path, r.Right, false, h.api})
		}
	}
	return all
}

// file answers with a file of the page.
func file(name string) http.Handler {
	content, err := static.ReadFile("static/" + name)
	if err != nil {
		panic(err) // it is not embedded
	}
	kind := mime.TypeByExtension(path.Ext(name))
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content) // an error means that the client has gone
	})
}
