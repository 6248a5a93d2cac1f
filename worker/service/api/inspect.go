package api

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/service"
)

// Info describes the holder of a queue.
type Info struct {
	API        int    `json:"api"`
	Version    string `json:"version"`
	Executable string `json:"executable"`
	PID        int    `json:"pid"`
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, Info{Version, s.Build, executable(), os.Getpid()})
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limits, err := assumed(q)
	if err != nil {
		return err
	}
	all, err := s.Service.Current(r.Context(), limits, q["batch"]...)
	if err != nil {
		return err
	}
	return answer(w, append([]service.Status{}, all...))
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request) error {
	o, err := s.latestOverview(r.Context(), overviewAge)
	if err != nil {
		return err
	}
	return answer(w, json.RawMessage(o))
}

func (s *Server) batches(w http.ResponseWriter, r *http.Request) error {
	all, err := s.Service.Batches(r.Context())
	if err != nil {
		return err
	}
	return answer(w, append([]queue.Batch{}, all...))
}

func (s *Server) batch(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Service.Batch(r.Context(), r.URL.Query().Get("batch"))
	if err != nil {
		return err
	}
	return answer(w, b)
}

type itemAnswer struct {
	Found bool      `json:"found"`
	Item  entryJSON `json:"item,omitzero"`
}

func (s *Server) item(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	version, err := number(q, "version", 0)
	if err != nil {
		return err
	}
	e, found, err := s.Service.Find(r.Context(), q.Get("batch"), queue.Object{Bucket: q.Get("bucket"), Key: q.Get("key"), Version: version})
	if err != nil {
		return err
	}
	out := itemAnswer{Found: found}
	if found {
		out.Item = fromEntry(&e)
	}
	return answer(w, out)
}

func (s *Server) history(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	seq, err := number(q, "seq", 0)
	if err != nil {
		return err
	}
	all, err := s.Service.History(r.Context(), q.Get("batch"), seq)
	if err != nil {
		return err
	}
	return answer(w, fromEvents(all))
}

func (s *Server) items(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	sel := service.Selection{Batch: q.Get("batch"), Keys: q["key"], Filter: queue.Filter{State: queue.State(q.Get("state")), Code: q.Get("code")}}
	limit, err := number(q, "limit", math.MaxUint64)
	within := time.Duration(0)
	if text := q.Get("within"); text != "" && err == nil {
		if within, err = time.ParseDuration(text); err != nil {
			err = usage("within: " + err.Error())
		}
	}
	if err != nil {
		return err
	}
	if sel.State != "" {
		if _, err := queue.ParseState(string(sel.State)); err != nil {
			return usage(err.Error())
		}
	}
	span := queue.Span{}
	if span.From, err = number(q, "from", 0); err == nil {
		span.To, err = number(q, "to", math.MaxUint64)
	}
	if err != nil {
		return err
	}
	if span != (queue.Span{To: math.MaxUint64}) {
		sel.Span = &span
	}
	_, filter, err := s.Service.Select(r.Context(), sel)
	if err != nil {
		return err
	}
	return s.lines(w, func(emit func(any) error) (last lastJSON, err error) {
		last.Next, err = s.someItems(r.Context(), sel.Batch, filter, limit, within, func(e *queue.Entry) error { return emit(fromEntry(e)) })
		return last, err
	})
}

// someItems calls each with up to limit items, and returns from which one on the listing would go on; nil: it came to its end. A
// listing whose filter takes few items ends after within, if that is not 0.
func (s *Server) someItems(ctx context.Context, id string, f queue.Filter, limit uint64, within time.Duration, each func(*queue.Entry) error) (next *uint64, err error) {
	began := time.Now()
	err = s.Service.Pages(ctx, id, f, func(p queue.Page) error {
		entries, err := p.Entries()
		if err != nil {
			return err
		}
		defer p.Release()
		for i := range entries {
			if limit == 0 {
				next = &entries[i].Seq
				return queue.ErrEnough
			}
			limit--
			if err := each(&entries[i]); err != nil {
				return err
			}
		}
		if at, known := p.(interface{ Next() uint64 }); known && within > 0 && time.Since(began) > within {
			from := at.Next()
			next = &from
			return queue.ErrEnough
		}
		return nil
	})
	if next != nil {
		from := *next // the entry is the page's
		next = &from
	}
	if errors.Is(err, queue.ErrEnough) {
		err = nil
	}
	return next, err
}

func (s *Server) rejected(w http.ResponseWriter, r *http.Request) error {
	return s.lines(w, func(emit func(any) error) (last lastJSON, err error) {
		err = s.Service.Rejected(r.Context(), r.URL.Query().Get("batch"), func(row queue.Rejected) error { return emit(fromRejected(row)) })
		return last, err
	})
}

// lastJSON is the last line of a listing that ended well, so that a client can tell one that was cut off.
type lastJSON struct {
	End bool `json:"end"`
	// Next is from which item on a listing of items would go on; nil: it came to its end.
	Next *uint64 `json:"next,omitempty"`
}

// lines answers with one JSON value a line, and a last one.
func (s *Server) lines(w http.ResponseWriter, list func(emit func(any) error) (lastJSON, error)) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(buffered)
	begun := false
	last, err := list(func(v any) error {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "application/x-ndjson")
		}
		return enc.Encode(v)
	})
	if err != nil && !begun {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson") // also of a listing without rows
	if err != nil {
		e, _ := encode(err)
		_ = enc.Encode(struct {
			Error *Error `json:"error"`
		}{e})
	} else {
		last.End = true
		_ = enc.Encode(last)
	}
	_ = buffered.Flush() // an error means that the client has gone
	return nil
}

func (s *Server) account(w http.ResponseWriter, r *http.Request) error {
	day, err := dayOf(r.URL.Query(), "day")
	if err != nil {
		return err
	}
	a, err := s.Service.Account(r.Context(), r.URL.Query().Get("account"), day)
	if err != nil {
		return err
	}
	return answer(w, a)
}

func (s *Server) days(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	first, err := dayOf(q, "from")
	if err != nil {
		return err
	}
	last, err := dayOf(q, "to")
	if err != nil {
		return err
	}
	if last-first >= queue.MaxDays {
		return usage("from and to are too many days apart")
	}
	all, err := s.Service.Days(r.Context(), q.Get("account"), first, last)
	if err != nil {
		return err
	}
	return answer(w, all)
}

// dayOf returns the day that a parameter names, without one today.
func dayOf(q url.Values, name string) (queue.Day, error) {
	day, err := number(q, name, uint64(queue.DayOf(time.Now())))
	if err == nil && day > math.MaxInt32 {
		err = usage(name + " is not the number of a day")
	}
	return queue.Day(day), err
}

// Run describes the run of the holder.
type Run struct {
	Running    bool      `json:"running"`
	Account    string    `json:"account,omitempty"`
	Address    string    `json:"address,omitempty"`
	Batches    []string  `json:"batches,omitempty"`
	Since      time.Time `json:"since,omitzero"`
	Rate       string    `json:"rate,omitempty"` // as --rate takes it
	MaxRate    string    `json:"max_rate,omitempty"`
	Workers    int       `json:"workers,omitempty"`
	DailyLimit int64     `json:"daily_limit,omitempty"`
	Windows    []string  `json:"windows,omitempty"`
	TimeZone   string    `json:"time_zone,omitempty"`
	Monthly    int64     `json:"monthly_limit,omitempty"`
}

// run describes the run of the account that is asked for or, if none is, the first one.
func (s *Server) run(w http.ResponseWriter, r *http.Request) error {
	account := r.URL.Query().Get("account")
	for _, run := range s.Host.Runs() {
		if account != "" && account != run.Account {
			continue
		}
		limits := run.Pool.Limits()
		hours := limits.Hours.Config()
		return answer(w, Run{
			true, run.Account, run.Address, run.Batches, run.Since.UTC(), cmp.Or(hours.Rate, limits.RateText()), ratelimit.FormatRate(limits.MaxRate), limits.Workers,
			limits.DailyLimit, hours.Windows, hours.Zone, limits.MonthlyLimit,
		})
	}
	return answer(w, Run{})
}

// assumed returns the limits that a forecast is to assume; nil: none is asked for.
func assumed(q url.Values) (*service.AssumedLimits, error) {
	if !q.Has("rate") {
		return nil, nil
	}
	r, c := ratelimit.Unlimited, schedule.Config{Windows: q["window"], Zone: q.Get("time_zone")}
	text := q.Get("rate")
	if schedule.IsTable(text) {
		c.Rate = text
	} else if plain, err := ratelimit.ParseRate(text); err != nil {
		return nil, usage("rate: " + err.Error())
	} else {
		r = plain
	}
	hours, err := schedule.Parse(c)
	if err != nil {
		return nil, usage("rate, window, time_zone: " + err.Error())
	}
	most, err := number(q, "daily_limit", 0)
	return &service.AssumedLimits{Rate: r, DailyLimit: int64(min(most, math.MaxInt64)), Hours: hours}, err
}

// setAssumed adds the parameters that [assumed] reads.
func setAssumed(q url.Values, l service.AssumedLimits) {
	hours := l.Hours.Config()
	q.Set("rate", cmp.Or(hours.Rate, ratelimit.FormatRate(l.Rate)))
	q.Set("daily_limit", strconv.FormatInt(l.DailyLimit, 10))
	q["window"] = hours.Windows
	q.Set("time_zone", hours.Zone)
}

// number returns a parameter that is a whole number.
func number(q url.Values, name string, otherwise uint64) (uint64, error) {
	text := q.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, usage(name + " is not a whole number: " + text)
	}
	return n, nil
}
