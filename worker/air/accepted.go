package air

import (
	"errors"
	"fmt"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxEcho bounds, in bytes, each text of an Echo. Everything we send is shorter, so a
// cut text never equals it.
const maxEcho = 4 << 10

// Echoed is one field of the job as an answer shows it.
type Echoed struct {
	// Given is set if the answer has the field, as text that is not empty.
	Given bool
	Text  string
}

// Is reports whether the field is absent, or what was sent.
func (e Echoed) Is(sent string) bool { return !e.Given || e.Text == sent }

// Echo is what a 2xx answer to POST /jobs says of the job that it answers for.
type Echo struct{ Name, Batch, Bucket, Key Echoed }

// Fits reports whether the answer can be the answer to this job: each field is absent
// or as it was sent.
func (e Echo) Fits(j NewJob) bool {
	return e.Name.Is(j.Name) && e.Batch.Is(j.Batch) && e.Bucket.Is(j.Source.Bucket) && e.Key.Is(j.Source.ObjectKey)
}

// String shows the fields that are given.
func (e Echo) String() string {
	var parts []string
	for _, f := range []struct {
		name string
		Echoed
	}{{"Name", e.Name}, {"Batch", e.Batch}, {"Source.Bucket", e.Bucket}, {"Source.ObjectKey", e.Key}} {
		if f.Given {
			parts = append(parts, fmt.Sprintf("%s %q", f.name, f.Text))
		}
	}
	return strings.Join(parts, ", ")
}

// echoOf returns the whole echo of a job.
func echoOf(j NewJob) Echo {
	return Echo{echoed(j.Name), echoed(j.Batch), echoed(j.Source.Bucket), echoed(j.Source.ObjectKey)}
}

// accepted is what an answer to POST /jobs says.
type accepted struct {
	id            string
	echo          Echo
	code, message jsontext.Value
	job, list     bool // what the answer holds: a job, or a list of jobs instead
}

// Errors of an answer whose Job.Id cannot be used.
var (
	errOddID    = errors.New("Job.Id is no usable id: expected 1 to 256 bytes of visible ASCII")
	errSecretID = errors.New("Job.Id is no usable id: it holds one of the keys that were sent")
)

// strict are the options for answers that decide something: member names match exactly,
// and a duplicate member is an error.
var strict = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(true))

// decodeAccepted reads the answer to POST /jobs, which must be one complete JSON
// object. A field of another type than expected counts as absent.
func decodeAccepted(body []byte) (accepted, error) {
	// An answer in which all fields are as the page says is decoded in one go.
	var usual struct {
		Job *struct {
			ID          string `json:"Id"`
			Name, Batch string
			Source      struct{ Bucket, ObjectKey string }
		}
		ErrorCode, Error string
	}
	if err := jsonv2.Unmarshal(body, &usual, strict); err == nil && usual.Job != nil && usual.ErrorCode == "" && usual.Error == "" {
		j := usual.Job
		echo := Echo{echoed(j.Name), echoed(j.Batch), echoed(j.Source.Bucket), echoed(j.Source.ObjectKey)}
		return accepted{job: true, echo: echo}.withID(j.ID)
	}
	return decodeUnusual(body)
}

// decodeUnusual is decodeAccepted for an answer of any form.
func decodeUnusual(body []byte) (accepted, error) {
	var w struct {
		Job, Records     jsontext.Value
		ErrorCode, Error jsontext.Value
	}
	if err := jsonv2.Unmarshal(body, &w, strict); err != nil {
		return accepted{}, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	a := accepted{code: w.ErrorCode, message: w.Error}
	if w.Job.Kind() != '{' {
		a.list = w.Records != nil
		return a, nil
	}
	a.job = true
	var j struct {
		ID                  jsontext.Value `json:"Id"`
		Name, Batch, Source jsontext.Value
	}
	if err := jsonv2.Unmarshal(w.Job, &j, strict); err != nil {
		return accepted{}, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	source := sourceOf(j.Source)
	a.echo = Echo{echoed(text(j.Name)), echoed(text(j.Batch)), echoed(source.Bucket), echoed(source.ObjectKey)}
	return a.withID(idText(j.ID))
}

// withID returns a with the id, or an error if that is none.
func (a accepted) withID(id string) (accepted, error) {
	if id != "" && !usableID(id) {
		return a, errOddID
	}
	a.id = id
	return a, nil
}

func echoed(s string) Echoed { return Echoed{s != "", s} }

// maxID is the longest id in bytes. Those of AiR have 32.
const maxID = 256

// usableID reports whether an id can be stored and shown as it is.
func usableID(id string) bool { return id != "" && len(id) <= maxID && visible(id) }
