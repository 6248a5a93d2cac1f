package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"airlift/queue/bolt"
	"airlift/worker/service"
	"airlift/worker/service/api"
	"airlift/worker/service/socket"
)

// heldQueue is a queue that this process holds, and serves to others.
type heldQueue struct {
	*bolt.DB
	host *service.Host
	stop func() // ends the serving
}

// Close ends the serving, and then closes the queue.
func (h *heldQueue) Close() error {
	h.stop()
	return h.DB.Close()
}

// listen serves the queue at a socket. Without one this process works as well, but others cannot ask it.
func (a *app) listen(h *heldQueue) {
	h.stop = func() {}
	runtimeDir, _ := a.getenv("XDG_RUNTIME_DIR")
	path, err := socket.Place(a.queuePath(), runtimeDir)
	if err != nil {
		a.log.Warn().Err(err).Msg("other commands cannot ask this process")
		return
	}
	l, err := socket.Listen(path)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if err != nil {
		a.log.Warn().Err(err).Msg("other commands cannot ask this process")
		return
	}
	handler := api.NewServer(api.Config{
		Store: h.DB, Host: h.host, Build: versionText(), Log: a.log,
		Service: service.New(service.Config{Store: h.DB, Place: a.queuePath(), Host: h.host, Log: a.log}),
	})
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) }) // returns when the server is closed
	h.DB.Announce(path)
	h.stop = sync.OnceFunc(func() {
		h.DB.Announce("")
		handler.Close()
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		serving.Wait()
		h.host.Wait()
	})
}
