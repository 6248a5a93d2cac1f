package api

import (
	"context"
	"fmt"
	"net/http"

	"airlift/queue"
	"airlift/worker/service"
)

// sessionHeader names the session of a call that reads sources into the queue.
const sessionHeader = "Airlift-Session"

func (s *Server) create(w http.ResponseWriter, r *http.Request) error {
	return callNoResult(w, r, func(ctx context.Context, b queue.Batch) error {
		if err := b.Validate(); err != nil {
			return usage(err.Error())
		}
		return s.Store.CreateBatch(ctx, b)
	})
}

type settingsJSON struct {
	Batch    string         `json:"batch"`
	Settings queue.Settings `json:"settings"`
}

func (s *Server) settings(w http.ResponseWriter, r *http.Request) error {
	return callNoResult(w, r, func(ctx context.Context, in settingsJSON) error {
		return s.Store.SetSettings(ctx, in.Batch, in.Settings)
	})
}

type beginJSON struct {
	Batch  string `json:"batch"`
	Resume bool   `json:"resume,omitempty"`
}

func (s *Server) beginReading(w http.ResponseWriter, r *http.Request) error {
	return call(w, r, func(ctx context.Context, in beginJSON) (none, error) {
		b, err := s.Service.Batch(ctx, in.Batch)
		if err != nil {
			return none{}, err
		}
		end, err := s.Host.Read(b.AccountName(), in.Batch)
		if err != nil {
			return none{}, err
		}
		if err := s.Store.BeginReading(ctx, in.Batch, in.Resume); err != nil {
			end()
			return none{}, err
		}
		err = s.sessions.begin(r.Header.Get(sessionHeader), in.Batch, func(complete bool) error {
			defer end()
			return s.Store.EndReading(context.WithoutCancel(ctx), in.Batch, complete)
		})
		return none{}, err
	})
}

type rowsJSON struct {
	Batch string    `json:"batch"`
	Chunk chunkJSON `json:"chunk"`
}

func (s *Server) rows(w http.ResponseWriter, r *http.Request) error {
	return callUpTo(maxRows, w, r, func(ctx context.Context, in rowsJSON) (addedJSON, error) {
		if err := in.Chunk.check(); err != nil {
			return addedJSON{}, err
		}
		chunk := in.Chunk.chunk()
		if !chunk.Trial {
			leave, err := s.sessions.enter(r.Header.Get(sessionHeader), in.Batch)
			if err != nil {
				return addedJSON{}, err
			}
			defer leave()
		}
		added, err := s.Store.Add(ctx, in.Batch, chunk)
		return fromAdded(added), err
	})
}

type endJSON struct {
	Batch    string `json:"batch"`
	Complete bool   `json:"complete"`
}

func (s *Server) endReading(w http.ResponseWriter, r *http.Request) error {
	return callNoResult(w, r, func(_ context.Context, in endJSON) error {
		return s.sessions.end(r.Header.Get(sessionHeader), in.Batch, in.Complete)
	})
}

type batchJSON struct {
	Batch string `json:"batch"`
}

func (s *Server) marks(w http.ResponseWriter, r *http.Request) error {
	return call(w, r, func(ctx context.Context, in batchJSON) ([]markJSON, error) {
		all, err := s.Store.Marks(ctx, in.Batch)
		return fromMarks(all), err
	})
}

type itemsJSON struct {
	Batch   string     `json:"batch"`
	Items   []itemJSON `json:"items"`
	Changed bool       `json:"changed,omitempty"`
}

func (s *Server) has(w http.ResponseWriter, r *http.Request) error {
	return callUpTo(maxRows, w, r, func(ctx context.Context, in itemsJSON) ([]bool, error) {
		return s.Store.Has(ctx, in.Batch, items(in.Items), in.Changed)
	})
}

type sentJSON struct {
	Sent  []bool   `json:"sent"`
	Alike []string `json:"alike"`
}

func (s *Server) sent(w http.ResponseWriter, r *http.Request) error {
	return callUpTo(maxRows, w, r, func(ctx context.Context, in itemsJSON) (out sentJSON, err error) {
		out.Sent, out.Alike, err = s.Store.Sent(ctx, in.Batch, items(in.Items), in.Changed)
		return out, err
	})
}

func (s *Server) replace(w http.ResponseWriter, r *http.Request) error {
	return call(w, r, func(ctx context.Context, in batchJSON) (queue.Changed, error) {
		if !s.sessions.hasRead(r.Header.Get(sessionHeader), in.Batch) {
			return queue.Changed{}, fmt.Errorf("batch %q: this session has read no sources into it: %w", in.Batch, queue.ErrReadingIncomplete)
		}
		return s.Store.Change(ctx, in.Batch, queue.Change{Do: queue.DoReplace})
	})
}

// work makes the run of the holder work a batch too, unless only its lookups are waited for. A client repeats it while it waits.
func (s *Server) work(w http.ResponseWriter, r *http.Request) error {
	return call(w, r, func(ctx context.Context, in service.WorkRequest) (out service.Work, err error) {
		b, err := s.Service.Batch(ctx, in.Batch)
		if err != nil {
			return out, err
		}
		account := b.AccountName()
		s.sessions.unhold(r.Header.Get(sessionHeader), in.Batch)
		if in.First {
			s.Host.Readmit(account, in.Batch)
		}
		if in.LookupsOnly {
			out.Running = s.Host.Works(account, in.Batch)
		} else {
			out.Running, err = s.Host.Join(ctx, account, in.Batch)
		}
		if err != nil {
			return out, err
		}
		all, err := s.Service.Current(ctx, nil, in.Batch)
		if err == nil {
			out.Status = all[0]
		}
		return out, err
	})
}

// hold stops the work on a batch until the session's next call of work for it, or the session's end.
func (s *Server) hold(w http.ResponseWriter, r *http.Request) error {
	return callNoResult(w, r, func(ctx context.Context, in batchJSON) error {
		b, err := s.Service.Batch(ctx, in.Batch)
		if err != nil {
			return err
		}
		release := s.Host.Hold(b.AccountName(), in.Batch)
		return s.sessions.hold(r.Header.Get(sessionHeader), in.Batch, func() {
			if err := release(); err != nil {
				s.Log.Warn().Err(err).Str("batch", in.Batch).Msg("the batch is no longer sent")
			}
		})
	})
}
