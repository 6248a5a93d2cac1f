package connect

import (
	"context"
	"net"
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

// endTimeout is how long the end of a holder waits for calls in progress. A client that does not read its answer must not
// delay the next holder for longer.
const endTimeout = 250 * time.Millisecond

// held is a queue that this process holds and serves to others.
type held struct {
	*bolt.DB
	host *service.Host
	stop func() // ends the serving
}

// Close ends the serving, and then closes the queue.
func (h *held) Close() error {
	h.stop()
	h.host.Wait()
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
	unused := unused{all: map[net.Conn]bool{}}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, ConnState: unused.note}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) }) // returns when the server is closed
	h.Announce(path)
	h.stop = sync.OnceFunc(func() {
		handler.Close()
		unused.end(server)
		serving.Wait()
	})
	return nil
}

// unused are the connections on which no request has come. [http.Server.Shutdown] would wait seconds for one, and the next
// holder of the queue with it.
type unused struct {
	mu    sync.Mutex
	all   map[net.Conn]bool // guarded by mu
	ended bool              // guarded by mu
}

// note is called with each new state of a connection.
func (u *unused) note(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(u.all, c)
	case u.ended:
		_ = c.Close()
	default:
		u.all[c] = true
	}
}

// end ends the server of the connections. It closes the unused at once, and the others after their calls or endTimeout.
func (u *unused) end(server *http.Server) {
	u.mu.Lock()
	u.ended = true
	for c := range u.all {
		_ = c.Close()
	}
	u.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
}

// api says what the calls of others work on.
func (c Config) api(h *held) api.Config {
	return api.Config{
		Store: h.DB, Host: h.host, Build: c.Build, Log: c.Log,
		Service: service.New(service.Config{Store: h.DB, Place: c.Path, Host: h.host, Log: c.Log}),
	}
}
