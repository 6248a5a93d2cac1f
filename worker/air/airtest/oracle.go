package airtest

import (
	"maps"

	"airlift/worker/air"
)

// Object is what one job, and one only, is wanted for: an object of a bucket in a
// batch. The same object in two batches is two of these.
type Object struct {
	Batch  string `json:"batch"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
}

// Plant accepts a job that no request has asked for, as if somebody else had submitted
// it, and returns its id. It counts neither as a POST nor against a cap.
func (s *Server) Plant(j air.NewJob) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.id(s.store.add(&j, string(j.Services), s.now()))
}

// Forget takes the n oldest jobs that are still listed out of all lists. They count as
// before: Accepted, Jobs and Duplicates have them.
func (s *Server) Forget(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = min(s.forgotten+n, len(s.store.jobs))
}

// Posts returns how many POST /jobs have arrived, refused ones included.
func (s *Server) Posts() int { s.mu.Lock(); defer s.mu.Unlock(); return s.posts }

// Lists returns how many GET /jobs have arrived.
func (s *Server) Lists() int { s.mu.Lock(); defer s.mu.Unlock(); return s.lists }

// Accepted returns how many jobs there are.
func (s *Server) Accepted() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.store.jobs) }

// Statuses returns how often each HTTP status was answered to API requests. 0
// counts requests that ended without a status line.
func (s *Server) Statuses() map[int]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.statuses)
}

// Injected returns how often each fault was injected.
func (s *Server) Injected() map[Kind]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.injected)
}

// Jobs returns all jobs, oldest first, those too that no list shows yet.
func (s *Server) Jobs() []air.Job {
	s.mu.Lock()
	v := s.view()
	s.mu.Unlock()
	jobs := make([]air.Job, len(v.jobs))
	for n := range jobs {
		jobs[n] = v.job(uint32(n))
	}
	return jobs
}

// ByObject returns the ids of the jobs of each object, oldest first.
func (s *Server) ByObject() map[Object][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make(map[Object][]string, len(s.store.jobs))
	for n := range s.store.jobs {
		o := s.store.object(uint32(n))
		ids[o] = append(ids[o], s.store.id(uint32(n)))
	}
	return ids
}

// Duplicates returns the objects that have more than one job, with the jobs' ids.
func (s *Server) Duplicates() map[Object][]string {
	s.mu.Lock()
	if s.store.repeats == 0 {
		s.mu.Unlock()
		return map[Object][]string{}
	}
	s.mu.Unlock()
	ids := s.ByObject()
	maps.DeleteFunc(ids, func(_ Object, ids []string) bool { return len(ids) < 2 })
	return ids
}
