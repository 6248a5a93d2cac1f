package accounts

import (
	"sync"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/flags"
	"airlift/queue"
	"airlift/worker"
	"airlift/worker/air"
)

// Senders says how a command sends the items of each account. Its methods are safe for concurrent use; whoever else uses the
// settings and the flags of the command must have ended before they are called.
type Senders struct {
	*Settings
	Command *cobra.Command
	Flags   *flags.Send
	// UserAgent is that of the clients.
	UserAgent string
	// Pool returns the pool's configuration, as the flags are set.
	Pool func(client *air.Client) worker.Config
	// LookupsOnly sends nothing.
	LookupsOnly bool

	mu      sync.Mutex
	ready   map[string]worker.Config // made already, and not used yet; guarded by mu
	clients []*air.Client            // guarded by mu
}

// Close closes all clients.
func (s *Senders) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		c.Close()
	}
}

// Make makes the pool of the account that the flags are set for. m gets what is missing for that; then the pool cannot send.
func (s *Senders) Make(m *flags.Missing) (worker.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.make(m)
}

// make is Make for a caller that holds mu.
func (s *Senders) make(m *flags.Missing) (c worker.Config, err error) {
	if err := s.Flags.Check(); err != nil {
		return c, err
	}
	client, err := s.Flags.Client(s.Env(s.env), s.UserAgent, m)
	if err != nil {
		return c, err
	}
	if client != nil {
		s.clients = append(s.clients, client)
	}
	c = s.Pool(client)
	c.LookupsOnly = s.LookupsOnly
	if len(*m) == 0 {
		s.ready = map[string]worker.Config{s.Name: c}
	}
	return c, nil
}

// Ready makes the pool of the account of some batches, if it is the only one, and names all that is missing for it. Those of
// several accounts are made one by one.
func (s *Senders) Ready(batches []queue.Batch, m *flags.Missing) (c worker.Config, err error) {
	names := Of(batches)
	if len(names) == 1 {
		err = s.Use(s.Command, names[0])
	}
	if err != nil || len(names) > 1 {
		return c, err
	}
	return s.Make(m)
}

// PoolOf returns how the items of an account are sent. The error says what is missing for that.
func (s *Senders) PoolOf(account string) (c worker.Config, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, made := s.ready[account]
	if !made {
		var m flags.Missing
		if err = s.Use(s.Command, account); err == nil {
			c, err = s.make(&m)
		}
		if err == nil {
			err = m.Err()
		}
	}
	delete(s.ready, account) // its limiter is that of one run
	return c, err
}

// SetUp returns the accounts that are worked without a batch of theirs: the chosen one, else those of the config file and, if it
// is set up or there is no other, the default account. missing is what a single account lacks.
func (s *Senders) SetUp() (names []string, missing flags.Missing, err error) {
	if chosen := s.env.Chosen(s.Command); chosen != "" {
		names = []string{chosen}
	} else {
		names = s.File.Accounts()
	}
	if _, err := s.Make(&missing); err != nil {
		return nil, nil, err
	}
	if len(names) > 1 && len(missing) > 0 {
		names, missing = names[1:], nil
	}
	return names, missing, nil
}
