package queue

import (
	"encoding/json"
	"slices"
)

// Settings are the job settings of a batch. The rows of its items override them. They are stored with the
// batch, so that the queue can be run without the command line and config file that gave them.
type Settings struct {
	// JobFields are the fields of every job that neither its row nor a rule gives.
	JobFields
	// Rules give fields by file extension or by pattern. Nil: not given; empty: none. They are never modified.
	Rules []Rule `json:"rules,omitempty"`
	// Name is the template of the jobs' names, see [ParseTemplate]; empty: the name of [JobName]. It cannot change once a
	// job of the batch has been sent.
	Name string `json:"name,omitempty"`
}

// Fields returns the fields of an item's job, each from the first that gives it: the item's own row, the rules in their
// order, and the settings for all.
func (s *Settings) Fields(it *Item) JobFields {
	f := it.Own
	for i := range s.Rules {
		if r := &s.Rules[i]; r.Matches(it.Key) {
			f = f.Or(r.Fields)
		}
	}
	return f.Or(s.JobFields)
}

// Or returns s with each setting that is not given taken from other; Rules count as one setting.
func (s Settings) Or(other Settings) Settings {
	s.JobFields = s.JobFields.Or(other.JobFields)
	if s.Rules == nil {
		s.Rules = other.Rules
	}
	if s.Name == "" {
		s.Name = other.Name
	}
	return s
}

// Clone returns a copy that shares nothing with s that is ever written to.
func (s Settings) Clone() Settings {
	s.Services, s.Rules = slices.Clone(s.Services), slices.Clone(s.Rules)
	return s
}

// Equal reports whether both give every item the same fields and the same name, by the same rules.
func (s Settings) Equal(o Settings) bool {
	return s.JobFields.Equal(o.JobFields) && s.Name == o.Name && slices.EqualFunc(s.Rules, o.Rules, Rule.Equal)
}

// Preview is what a user needs to see of a job before it is sent, to find a wrong column or setting.
type Preview struct {
	Bucket   string          `json:"bucket"`
	Key      string          `json:"key"`
	Name     string          `json:"name"`
	Services json.RawMessage `json:"services"`
}

// Preview returns the job of an item under the settings of its batch, whose names n makes.
func (n Namer) Preview(s *Settings, it *Item) Preview {
	p := Preview{Bucket: it.Bucket, Key: it.Key, Name: n.Name(it), Services: s.Fields(it).Services}
	if len(p.Services) == 0 {
		p.Services = json.RawMessage("{}")
	}
	return p
}
