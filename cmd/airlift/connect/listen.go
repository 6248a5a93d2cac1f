package connect

import (
	"context"
	"net/http"
	"sync"
	"time"

	"airlift/queue/bolt"
	"airlift/worker/service"
	"airlift/worker/service/api"
	"airlift/worker/service/socket"
)

// headerTimeout is how long a client may take to send the header of a request.
const headerTimeout = 10 * time.Second

// held is a queue that this process holds and serves to others.
type held struct {
	*bolt.DB
	host *service.Host
	stop func() // ends the serving
}

// Close ends the serving, and then closes the queue.
func (h *held) Close() error {
	h.stop()
	return h.DB.Close()
}

// listen serves the queue at a socket. Without one this process works as well, but others cannot ask it.
func (c Config) listen(h *held) error {
	path, err := socket.Place(c.Path, c.RuntimeDir)
	if err != nil {
		return err
	}
	l, err := socket.Listen(path)
	if err != nil {
		return err
	}
	handler := api.NewServer(c.api(h))
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) }) // returns when the server is closed
	h.Announce(path)
	h.stop = sync.OnceFunc(func() {
		handler.Close()
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		serving.Wait()
		h.host.Wait()
	})
	return nil
}

// api says what the calls of others work on.
func (c Config) api(h *held) api.Config {
	return api.Config{
		Store: h.DB, Host: h.host, Build: c.Build, Log: c.Log,
		Service: service.New(service.Config{Store: h.DB, Place: c.Path, Host: h.host, Log: c.Log}),
	}
}
