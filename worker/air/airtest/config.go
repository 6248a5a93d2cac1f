package airtest

import (
	"net/url"
	"time"

	"airlift/worker/air"
)

// NameMatch says how GET /jobs filters by name; the API's pages do not.
type NameMatch string

// The ways to match a name.
const (
	NameExact   NameMatch = "exact"
	NamePartial NameMatch = "partial" // the given text anywhere in the name
)

// PageFields says what stands beside Records in a list; the API's pages leave it open.
type PageFields string

// The forms of a list.
const (
	PageFieldsUsual PageFields = "usual" // PageNumber, PageSize, TotalRecords
	PageFieldsNone  PageFields = "none"  // Records alone
	PageFieldsOdd   PageFields = "odd"   // others, of odd types, that contradict the page
)

// defaultLifecycle is how long a job takes if Config says nothing.
const defaultLifecycle = 5 * time.Second

// Config describes a server. The zero value accepts any keys and has no limits and no faults.
type Config struct {
	// AccessKey and SecretKey are the pair that is accepted. Both empty: any pair,
	// of which neither is empty.
	AccessKey, SecretKey string

	// Settings can be changed at run time. See Server.Change.
	Settings

	// MidnightIn, if positive, shifts the server's clock so that its next UTC
	// midnight is this far away when it is made. The Date header shows that clock.
	MidnightIn time.Duration
	// Clock is the clock below the shift; nil: time.Now.
	Clock func() time.Time
	// NoDate leaves the Date header out.
	NoDate bool

	// NameMatch is how lists filter by name; empty: NameExact.
	NameMatch NameMatch
	// PageFields is what stands beside Records; empty: PageFieldsUsual.
	PageFields PageFields

	// EditQuery, if set, may change the query of a GET /jobs (a copy) before it is
	// answered: a list that ignores a filter deletes it here. EditRecords, if set,
	// may replace the records of the page (a copy, sorted as asked for) before they
	// go out. Called by several goroutines.
	EditQuery   func(url.Values)
	EditRecords func(q Request, page []air.Job) []air.Job

	// SourceExists and DestinationExists, if set, may deny an object or a bucket: a
	// 400, as for one that AiR cannot read. Called by several goroutines.
	SourceExists      func(bucket, key string) bool
	DestinationExists func(bucket, region string) bool

	// CapOn, if set, returns the daily cap of the day that begins at start, and overrides Settings.DailyCap. It must not call
	// the server.
	CapOn func(start time.Time) int

	// Script, if set, returns the fault of each API request and overrides
	// Settings.Faults. Called by several goroutines.
	Script func(Request) Fault
	// OnRequest, if set, is called as each API request has arrived whole, before
	// anything is done about it; in the handler's goroutine, which it may hold up.
	OnRequest func(Request)
	// OnAccept, if set, is called after each job that was accepted.
	OnAccept func(air.Job)
}

// Settings are what may change while a server runs.
type Settings struct {
	// DailyCap is how many jobs are accepted a UTC day of the server's clock: then
	// 429. 0: no cap.
	DailyCap int `json:"daily_cap"`
	// MonthlyQuota is how many jobs are accepted a UTC month: then 403. 0: none.
	MonthlyQuota int `json:"monthly_quota"`
	// ResetAt is how long after midnight UTC the server's day and month begin.
	ResetAt Duration `json:"reset_at"`
	// Accounts have caps of their own, by their access key; all other keys are one account together. The list of jobs shows
	// those of all.
	Accounts map[string]Account `json:"accounts"`
	// RequestRate is how many API requests a second are let through, with
	// RequestBurst of them at once (0: a second's worth). 0: all.
	RequestRate  float64 `json:"request_rate"`
	RequestBurst int     `json:"request_burst"`
	// NightRate is RequestRate from 00:00 to 06:00 of the server's clock. 0: the same as
	// by day.
	NightRate float64 `json:"night_rate"`
	// Concurrency is how many API requests may be under way at once. 0: any number.
	Concurrency int `json:"concurrency"`
	// ServeRate is how many API requests a second are worked off, one after the other: what
	// comes faster waits, and its answer takes longer. 0: any number at once.
	ServeRate float64 `json:"serve_rate"`
	// ThrottleStatus is what is not let through gets: 400 (RequestRateLimitExceeded, the
	// default) or 503 (SlowDown).
	ThrottleStatus int `json:"throttle_status"`
	// ListLag is how long after it was accepted a job is in no list.
	ListLag Duration `json:"list_lag"`
	// Latency is how long each answer is held back, after the work is done.
	Latency Duration `json:"latency"`
	// Lifecycle is how long a job takes from submitted to its end. 0: 5 s;
	// negative: for ever.
	Lifecycle Duration `json:"lifecycle"`
	// FailShare of the jobs, 0 to 1, end as failed; the others as completed.
	FailShare float64 `json:"fail_share"`
	// FailKeys are parts of keys whose jobs end as failed, each with the code of their errors as TEXT=CODE, or PROCESSING_ERROR.
	FailKeys []string `json:"fail_keys"`
	// RetryAfter is what HTML429 and Rate429 ask for, in whole seconds. 0: 1 s.
	RetryAfter Duration `json:"retry_after"`
	// PageCap is the largest page that a list gives, whatever was asked for. 0: 100.
	PageCap int `json:"page_cap"`
	// NullEmptyPage writes an empty page as {"Records": null}.
	NullEmptyPage bool `json:"null_empty_page"`
	// TurningTies, if positive, rounds Created down to this, and reverses the order of
	// jobs with equal times in every other GET /jobs.
	TurningTies Duration `json:"turning_ties"`
	// Retention, if positive, is the age at which a job leaves all lists. See also
	// Server.Forget.
	Retention Duration `json:"retention"`
	// Faults are injected at random.
	Faults Faults `json:"faults"`
}

// Duration is a time.Duration whose JSON is a text such as "1.5s".
type Duration time.Duration

// MarshalText gives the duration as time.Duration prints it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText takes what time.ParseDuration takes.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Request is an API request as Script and OnRequest see it.
type Request struct {
	Method string
	Path   string
	N      int        // ordinal among the requests of this method, from 1
	Query  url.Values // of a GET
	Job    air.NewJob // of a POST, as far as its body could be read
	At     time.Time  // by the server's clock
}
