package api

import (
	"context"
	"net/http"

	"airlift/queue"
	"airlift/worker/service"
)

// changeJSON is a [service.ChangeRequest].
type changeJSON struct {
	Batch   string      `json:"batch"`
	State   queue.State `json:"state,omitempty"`
	Code    string      `json:"code,omitempty"`
	Keys    []string    `json:"keys,omitempty"`
	Reading string      `json:"reading,omitempty"`
	DryRun  bool        `json:"dry_run,omitempty"`
	Expect  *int64      `json:"expect,omitempty"`
}

func (j changeJSON) request() service.ChangeRequest {
	return service.ChangeRequest{
		Selection: service.Selection{Batch: j.Batch, Keys: j.Keys, Reading: j.Reading, Filter: queue.Filter{State: j.State, Code: j.Code}},
		DryRun:    j.DryRun, Expect: j.Expect,
	}
}

// actionJSON is a [service.Action].
type actionJSON struct {
	service.Action
	Error *Error `json:"error,omitempty"`
}

func fromAction(a service.Action) actionJSON {
	out := actionJSON{Action: a}
	if a.Err != nil {
		out.Error, _ = encode(a.Err)
	}
	return out
}

func (s *Server) retry(w http.ResponseWriter, r *http.Request) error {
	return s.change(w, r, queue.DoRetry)
}

func (s *Server) cancel(w http.ResponseWriter, r *http.Request) error {
	return s.change(w, r, queue.DoCancel)
}

// change begins a bulk action.
func (s *Server) change(w http.ResponseWriter, r *http.Request, do queue.Action) error {
	return call(w, r, func(ctx context.Context, in changeJSON) (actionJSON, error) {
		if _, _, err := s.Service.Select(ctx, in.request().Selection); err != nil {
			return actionJSON{}, err
		}
		a, err := s.Service.Start(do, in.request())
		return fromAction(a), err
	})
}

func (s *Server) action(w http.ResponseWriter, r *http.Request) error {
	a, known := s.Host.Action(r.URL.Query().Get("id"))
	if !known {
		return usage("the holder of the queue knows no bulk action of that id")
	}
	return answer(w, fromAction(a))
}

func (s *Server) pause(w http.ResponseWriter, r *http.Request) error {
	return call(w, r, func(ctx context.Context, in service.PauseRequest) (none, error) {
		return none{}, s.Service.Pause(ctx, in)
	})
}

func (s *Server) resume(w http.ResponseWriter, r *http.Request) error {
	return call(w, r, s.Service.Resume)
}

func (s *Server) set(w http.ResponseWriter, r *http.Request) error { return call(w, r, s.Service.Set) }
