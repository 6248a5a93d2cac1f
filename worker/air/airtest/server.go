package airtest

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"airlift/worker/air"
)

// Server is an AiR in memory. It is safe for concurrent use.
type Server struct {
	config Config
	clock  func() time.Time
	closed chan struct{} // ends what hangs
	close  sync.Once

	mu       sync.Mutex // over all below
	settings Settings   // its maps and slices are replaced, never changed
	load     load
	shift    time.Duration
	store    *store
	methods  map[string]int // API requests by method
	posts    int
	lists    int
	statuses map[int]int
	injected map[Kind]int

	forgotten int // so many of the oldest jobs are in no list any more

	today    time.Time
	year     int
	month    time.Month
	accepted map[string]used // by access key; "": all that are not listed
	others   int             // jobs of SubmitOthers
}

// Check reports a setting that makes no sense: for settings that a user gave.
func (c Config) Check() error { return c.Settings.check() }

// NewServer returns a server that listens nowhere yet. In a testing/synctest bubble
// make it inside.
func NewServer(config Config) *Server {
	s := &Server{
		config: config, clock: config.Clock, closed: make(chan struct{}),
		accepted: map[string]used{}, store: newStore(), methods: map[string]int{}, statuses: map[int]int{}, injected: map[Kind]int{},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.put(config.Settings)
	if config.MidnightIn > 0 {
		s.SetMidnightIn(config.MidnightIn)
	}
	return s
}

// Close ends all requests that hang. A second Close does nothing.
func (s *Server) Close() { s.close.Do(func() { close(s.closed) }) }

// call is one API request on its way through the server.
type call struct {
	Request
	settings Settings
	access   string
	secret   string
	problem  string // why the body of a POST is no job, or empty
	services string
}

// serve answers one API request. Its context ends when the client goes away. sent, if
// not nil, is called as soon as it is sure that the request arrives at all.
func (s *Server) serve(ctx context.Context, method string, u *url.URL, header http.Header, body []byte, sent func()) reply {
	c := s.arrive(method, u, header, body)
	if s.config.OnRequest != nil {
		s.config.OnRequest(c.Request)
	}
	f := s.faultOf(c)
	if sent != nil && f.Kind != Unsent {
		sent()
	}
	r := s.inject(ctx, c, f)
	s.mu.Lock()
	r.date = s.now()
	s.count(c, f, r)
	s.mu.Unlock()
	return r
}

// count keeps the oracle's books. The caller holds s.mu.
func (s *Server) count(c *call, f Fault, r reply) {
	if r.injected {
		s.injected[f.Kind]++
	}
	switch {
	case r.end == endUnsent && c.Path == "/jobs" && c.Method == http.MethodPost:
		s.posts-- // arrive took it for one
	case r.end == endUnsent:
	case r.end == endWhole || r.end == endHalf:
		s.statuses[r.status]++
	default:
		s.statuses[0]++
	}
}

func (s *Server) arrive(method string, u *url.URL, header http.Header, body []byte) *call {
	c := &call{access: header.Get("X-Amz-Access-Key"), secret: header.Get("X-Amz-Secret-Key")}
	c.Method, c.Path = method, u.Path
	if method == http.MethodPost {
		c.Job, c.services, c.problem = decodeNewJob(body)
	} else {
		c.Query = u.Query()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.methods[method]++
	if c.Path == "/jobs" && method == http.MethodPost {
		s.posts++
	}
	if c.Path == "/jobs" && method == http.MethodGet {
		s.lists++
	}
	c.N, c.At, c.settings = s.methods[method], s.now(), s.settings
	return c
}

// process does what was asked for, without any fault or limit of its rate.
func (s *Server) process(c *call) reply {
	switch {
	case !s.authorised(c):
		return problem(http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
	case c.Path == "/jobs" && c.Method == http.MethodPost:
		return s.submit(c)
	case c.Path == "/jobs" && c.Method == http.MethodGet:
		return s.list(c)
	}
	return s.about(c)
}

func (s *Server) authorised(c *call) bool {
	account, listed := c.settings.Accounts[c.access]
	if listed || s.config.AccessKey == "" && s.config.SecretKey == "" {
		return c.access != "" && c.secret != "" && !account.Refused
	}
	return c.access == s.config.AccessKey && c.secret == s.config.SecretKey
}

// submit accepts a job or says why not. A refused one uses nothing up.
func (s *Server) submit(c *call) reply {
	if c.problem != "" {
		return badRequest(c.problem)
	}
	source, dest := c.Job.Source, c.Job.Destination
	if f := s.config.SourceExists; f != nil && !f(source.Bucket, source.ObjectKey) {
		return badRequest("source object not found or inaccessible")
	}
	if f := s.config.DestinationExists; f != nil && !f(dest.Bucket, dest.Region) {
		return badRequest("destination bucket not found or inaccessible")
	}
	n, refusal := s.accept(c)
	if refusal.status != 0 {
		return refusal
	}
	s.mu.Lock()
	v := s.view()
	s.mu.Unlock()
	if s.config.OnAccept != nil {
		s.config.OnAccept(v.job(n))
	}
	body := append(make([]byte, 0, 512), `{"Job":`...)
	body = v.appendJob(body, n, true)
	r := jsonReply(http.StatusOK, append(body, '}'))
	r.job = &n
	return r
}

func (s *Server) accept(c *call) (uint32, reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if refusal := s.refusal(c.access, now); refusal.status != 0 {
		return 0, refusal
	}
	s.use(c.access)
	return s.store.add(&c.Job, c.services, now), reply{}
}

// refusal returns what a job is refused with; a status of 0: it is not. The caller holds s.mu.
func (s *Server) refusal(access string, now time.Time) reply {
	s.turn(now)
	set, own := s.settings.limitsOf(access), s.accepted[s.settings.account(access)]
	if set.MonthlyQuota > 0 && own.month >= set.MonthlyQuota {
		return quotaReached()
	}
	if f := s.config.CapOn; f != nil {
		set.DailyCap = f(s.today.Add(time.Duration(s.settings.ResetAt)))
	}
	if set.DailyCap > 0 && own.today >= set.DailyCap {
		return capExceeded()
	}
	return reply{}
}

// SubmitOthers accepts up to n jobs of somebody else who uses the account, as far as the cap and the quota allow, and returns how many.
func (s *Server) SubmitOthers(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		now := s.now()
		if s.refusal("", now).status != 0 {
			return i
		}
		s.use("")
		s.others++
		key := "others-" + strconv.Itoa(s.others)
		s.store.add(&air.NewJob{
			Name: key, Batch: "of others", Source: air.Source{Endpoint: "s3.wasabisys.com", Bucket: "others", ObjectKey: key},
			Destination: air.Destination{Bucket: "others", Region: "us-east-1"},
		}, "{}", now)
	}
	return n
}

// AcceptedToday returns how many jobs the server accepted since its day began, and when that was.
func (s *Server) AcceptedToday() (n int, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(s.now())
	return s.accepted[""].today, s.today.Add(time.Duration(s.settings.ResetAt))
}

// Settings returns the settings in force.
func (s *Server) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// Change lets f change the settings in force. Maps and slices in them must be
// replaced, not written to. An error says what made no sense, and then nothing
// has changed. What was accepted today still counts against a new cap.
func (s *Server) Change(f func(*Settings)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.settings
	f(&next)
	if err := next.check(); err != nil {
		return err
	}
	s.put(next)
	return nil
}

// put makes the settings the ones in force. The caller holds s.mu, or s alone.
func (s *Server) put(next Settings) {
	next.Faults.Post, next.Faults.List = maps.Clone(next.Faults.Post), maps.Clone(next.Faults.List)
	s.load.limit(next, s.settings)
	s.settings = next
}
