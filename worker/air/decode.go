package air

import (
	"encoding/json"
	"errors"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Names are matched exactly (encoding/json would take "job" and "id" as well);
// otherwise an answer is read as tolerantly as it can be.
var lax = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

var (
	errNotJSON   = errors.New("not a complete JSON object")
	errNoRecords = errors.New("no array of Records")
)

// plainJob is a job that has every field as the page says. It decodes without the
// method of Job, which goes over the text several times.
type plainJob struct {
	ID          string `json:"Id"`
	Name        string
	Source      struct{ Endpoint, Bucket, Region, ObjectKey, Provider string }
	Services    jsontext.Value
	UserID      string `json:"UserId"`
	Created     string
	Completed   string
	Priority    int
	Batch       string
	Status      string
	Destination struct{ Bucket, Region string }
}

func (p *plainJob) job() Job {
	j := Job{
		ID: p.ID, Name: p.Name, Source: Source(p.Source), UserID: p.UserID, Created: p.Created, Completed: p.Completed,
		Priority: p.Priority, Batch: p.Batch, Status: p.Status, Destination: Destination(p.Destination),
	}
	if p.Services.Kind() == '{' {
		j.Services = json.RawMessage(p.Services)
	}
	return j
}

// decodePage reads the answer to GET /jobs. Whatever stands beside Records is
// ignored. Records null is how several encoders write an empty list. It never takes an
// answer that it cannot read for an empty page. A record without an Id is a job if it has
// a name or a source.
func decodePage(body []byte) ([]OddJob, error) {
	var a struct{ Records jsontext.Value }
	if err := jsonv2.Unmarshal(body, &a, strict); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	switch a.Records.Kind() {
	case 'n':
		return nil, nil
	case '[':
	default:
		return nil, errNoRecords
	}
	var records []jsontext.Value
	if err := jsonv2.Unmarshal(a.Records, &records, lax); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRecords, err)
	}
	jobs := make([]OddJob, len(records))
	for i, r := range records {
		if r.Kind() != '{' {
			return nil, fmt.Errorf("record %d of %d is not an object", i+1, len(records))
		}
		var usual plainJob
		if jsonv2.Unmarshal(r, &usual) == nil {
			jobs[i].Job = usual.job()
		} else if err := jsonv2.Unmarshal(r, &jobs[i].Job, lax); err != nil {
			return nil, fmt.Errorf("record %d of %d: %w", i+1, len(records), err)
		}
		switch j := &jobs[i]; {
		case j.ID == "":
			j.Err = fmt.Errorf("record %d of %d has no Id", i+1, len(records))
			if j.Name == "" && j.Source.ObjectKey == "" {
				return nil, j.Err
			}
		case !usableID(j.ID):
			j.ID, j.Err = "", fmt.Errorf("record %d of %d has an Id that is not 1 to 256 bytes of visible ASCII", i+1, len(records))
		}
	}
	return jobs, nil
}

// problem takes ErrorCode and Error out of a body, both empty if that is not a
// JSON object. What is not a string there is given as JSON.
func (r *redactor) problem(body []byte) (code, message string) {
	var a struct{ ErrorCode, Error jsontext.Value }
	if jsonv2.Unmarshal(body, &a, lax) != nil {
		return "", ""
	}
	return r.text(anyText(a.ErrorCode)), r.text(anyText(a.Error))
}

// UnmarshalJSON reads a job tolerantly: see Job. It fails only if b is not JSON;
// what is not an object gives a job without an ID.
func (j *Job) UnmarshalJSON(b []byte) error {
	*j = Job{}
	var w struct {
		ID        jsontext.Value `json:"Id"`
		UserID    jsontext.Value `json:"UserId"`
		Name      jsontext.Value
		Source    jsontext.Value
		Services  jsontext.Value
		Created   jsontext.Value
		Completed jsontext.Value
		Priority  jsontext.Value
		Batch     jsontext.Value
		Status    jsontext.Value

		Destination jsontext.Value
	}
	if jsontext.Value(b).Kind() != '{' {
		return nil
	}
	if err := jsonv2.Unmarshal(b, &w, lax); err != nil {
		return err
	}
	*j = Job{
		ID: idText(w.ID), Name: text(w.Name), UserID: anyText(w.UserID),
		Created: text(w.Created), Completed: text(w.Completed),
		Batch: text(w.Batch), Status: text(w.Status), Priority: number(w.Priority),
		Source: sourceOf(w.Source), Destination: destinationOf(w.Destination),
	}
	if w.Services.Kind() == '{' {
		j.Services = json.RawMessage(w.Services)
	}
	return nil
}

func sourceOf(v jsontext.Value) Source {
	var w struct{ Endpoint, Bucket, Region, ObjectKey, Provider jsontext.Value }
	if v.Kind() != '{' || jsonv2.Unmarshal(v, &w, lax) != nil {
		return Source{}
	}
	return Source{
		Endpoint: text(w.Endpoint), Bucket: text(w.Bucket), Region: text(w.Region),
		ObjectKey: text(w.ObjectKey), Provider: text(w.Provider),
	}
}

func destinationOf(v jsontext.Value) Destination {
	var w struct{ Bucket, Region jsontext.Value }
	if v.Kind() != '{' || jsonv2.Unmarshal(v, &w, lax) != nil {
		return Destination{}
	}
	return Destination{Bucket: text(w.Bucket), Region: text(w.Region)}
}

// text returns a JSON string's text, empty for any other kind.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return ""
	}
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil && len(b) == 0 {
		return ""
	}
	return string(b)
}

// idText takes a number for an id too, but not 0: that is how a missing one is
// written somewhere.
func idText(v jsontext.Value) string {
	if v.Kind() == '0' && string(v) != "0" {
		return string(v)
	}
	return text(v)
}

// anyText returns a string's text, nothing for null, and the JSON of all else, its
// escapes decoded.
func anyText(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		return text(v)
	case 'n', 0:
		return ""
	}
	return unescape(string(v))
}

// number returns a JSON integer, or one in a string; 0 for all else.
func number(v jsontext.Value) int {
	s := string(v)
	if v.Kind() == '"' {
		s = text(v)
	}
	var n int
	if json.Unmarshal([]byte(s), &n) != nil {
		return 0
	}
	return n
}
