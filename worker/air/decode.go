package air

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Member names match exactly; encoding/json would also match "job" and "id". In an answer that decides an outcome a
// duplicate member is an error.
var (
	lax    = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	strict = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(true))
)

var (
	errNotJSON   = errors.New("not a complete JSON object")
	errNoRecords = errors.New("no array of Records")
	errOddID     = errors.New("Job.Id is no usable id: expected 1 to 256 bytes of visible ASCII")
	errSecretID  = errors.New("Job.Id is no usable id: it holds one of the keys that were sent")
)

// Each of these types decodes any JSON value. One of another type than the API's page shows counts as absent, so that a
// strange date or number never makes a job unreadable.
type (
	textJSON          string // a string
	idJSON            string // a string, or a number other than 0, which some encoders write for none
	anyJSON           string // the text of a string, nothing for null, or else the JSON itself
	intJSON           int    // an integer, or a string that holds one
	objectJSON[T any] struct {
		given bool
		value T
	}
)

// jobJSON is a job in an answer.
type jobJSON struct {
	ID       idJSON `json:"Id"`
	Name     textJSON
	Source   objectJSON[struct{ Endpoint, Bucket, Region, ObjectKey, Provider textJSON }]
	Services jsontext.Value
	UserID   anyJSON `json:"UserId"`

	Created, Completed, Batch, Status textJSON

	Priority    intJSON
	Destination objectJSON[struct{ Bucket, Region textJSON }]
}

func (t *textJSON) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	return readScalar(d, t, d.PeekKind() == '"')
}

func (t *idJSON) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	err := readScalar(d, t, d.PeekKind() == '"' || d.PeekKind() == '0')
	if *t == "0" {
		*t = ""
	}
	return err
}

func (t *anyJSON) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if k := d.PeekKind(); k == '"' || k == 'n' {
		return readScalar(d, t, k == '"')
	}
	v, err := d.ReadValue()
	*t = anyJSON(unescape(string(v)))
	return err
}

func (n *intJSON) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var t textJSON
	err := readScalar(d, &t, d.PeekKind() == '"' || d.PeekKind() == '0')
	i, _ := strconv.Atoi(string(t)) // 0 if it is none
	*n = intJSON(i)
	return err
}

func (o *objectJSON[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if o.given = d.PeekKind() == '{'; !o.given {
		return d.SkipValue()
	}
	return jsonv2.UnmarshalDecode(d, &o.value)
}

// readScalar reads the next value, and sets t to the text of a string or number if wanted, else to "".
func readScalar[T ~string](d *jsontext.Decoder, t *T, wanted bool) error {
	*t = ""
	if !wanted {
		return d.SkipValue()
	}
	token, err := d.ReadToken()
	if err == nil {
		*t = T(token.String())
	}
	return err
}

func (j *jobJSON) job() Job {
	s, d := j.Source.value, j.Destination.value
	job := Job{
		ID: string(j.ID), Name: string(j.Name), UserID: string(j.UserID), Created: string(j.Created), Completed: string(j.Completed),
		Priority: int(j.Priority), Batch: string(j.Batch), Status: string(j.Status),
		Source: Source{
			Endpoint: string(s.Endpoint), Bucket: string(s.Bucket), Region: string(s.Region),
			ObjectKey: string(s.ObjectKey), Provider: string(s.Provider),
		},
		Destination: Destination{Bucket: string(d.Bucket), Region: string(d.Region)},
	}
	if j.Services.Kind() == '{' {
		job.Services = json.RawMessage(j.Services)
	}
	return job
}

// submitted is what a 2xx answer to POST /jobs says.
type submitted struct {
	job              bool // it has one
	id               idJSON
	echo             struct{ name, batch, bucket, key textJSON }
	list             bool // it has Records: the answer to another request
	errorCode, error anyJSON
}

// UnmarshalJSONFrom reads member by member, which takes a third less time than decoding structs by reflection.
func (s *submitted) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if k := d.PeekKind(); k != '{' && k != 'n' {
		return errors.New("it is of another type")
	}
	_, err := readObject(d, func(name jsontext.Token) error {
		switch name.String() {
		case "Job":
			return s.readJob(d)
		case "Records":
			s.list = true
		case "ErrorCode":
			return s.errorCode.UnmarshalJSONFrom(d)
		case "Error":
			return s.error.UnmarshalJSONFrom(d)
		}
		return d.SkipValue()
	})
	return err
}

func (s *submitted) readJob(d *jsontext.Decoder) (err error) {
	s.job, err = readObject(d, func(name jsontext.Token) error {
		switch name.String() {
		case "Id":
			return s.id.UnmarshalJSONFrom(d)
		case "Name":
			return s.echo.name.UnmarshalJSONFrom(d)
		case "Batch":
			return s.echo.batch.UnmarshalJSONFrom(d)
		case "Source":
			return s.readSource(d)
		}
		return d.SkipValue()
	})
	return err
}

func (s *submitted) readSource(d *jsontext.Decoder) error {
	_, err := readObject(d, func(name jsontext.Token) error {
		switch name.String() {
		case "Bucket":
			return s.echo.bucket.UnmarshalJSONFrom(d)
		case "ObjectKey":
			return s.echo.key.UnmarshalJSONFrom(d)
		}
		return d.SkipValue()
	})
	return err
}

// readObject calls member, which reads the value, with the name of each member of the next value, and reports true if that
// is an object; any other value it skips.
func readObject(d *jsontext.Decoder, member func(name jsontext.Token) error) (bool, error) {
	if d.PeekKind() != '{' {
		return false, d.SkipValue()
	}
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() != '}' {
		var name jsontext.Token
		if name, err = d.ReadToken(); err == nil {
			err = member(name)
		}
	}
	if err == nil {
		_, err = d.ReadToken()
	}
	return true, err
}

// decodeSubmitted decodes the answer to POST /jobs, which must be one complete JSON object. With errOddID the rest is
// decoded.
func decodeSubmitted(body []byte) (*submitted, error) {
	s := new(submitted)
	if err := jsonv2.Unmarshal(body, s, strict); err != nil {
		return new(submitted), fmt.Errorf("%w: %w", errNotJSON, err)
	}
	if s.id != "" && !usableID(string(s.id)) {
		s.id = ""
		return s, errOddID
	}
	return s, nil
}

// maxID is the longest id in bytes. Those of AiR have 32.
const maxID = 256

// usableID reports whether an id can be stored and shown as it is.
func usableID(id string) bool { return id != "" && len(id) <= maxID && visible(id) }

// decodePage decodes the answer to GET /jobs. It ignores what stands beside Records. Records null is how several encoders
// write an empty list. An answer that it cannot read is an error, never an empty page. A record without an Id is a job if
// it has a name or a source.
func decodePage(body []byte) ([]UnreadableJob, error) {
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
	var records []objectJSON[jobJSON]
	if err := jsonv2.Unmarshal(a.Records, &records, strict); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRecords, err)
	}
	jobs := make([]UnreadableJob, len(records))
	for i := range records {
		if !records[i].given {
			return nil, fmt.Errorf("record %d of %d is not an object", i+1, len(records))
		}
		switch j := &jobs[i]; {
		case records[i].value.ID == "":
			j.Job, j.Err = records[i].value.job(), fmt.Errorf("record %d of %d has no Id", i+1, len(records))
			if j.Name == "" && j.Source.ObjectKey == "" {
				return nil, j.Err
			}
		default:
			j.Job = records[i].value.job()
			if !usableID(j.ID) {
				j.ID, j.Err = "", fmt.Errorf("record %d of %d has an Id that is not 1 to 256 bytes of visible ASCII", i+1, len(records))
			}
		}
	}
	return jobs, nil
}

// problem returns ErrorCode and Error of a body, both empty if that is not a JSON object. What is not a string there is
// returned as JSON.
func (r *redactor) problem(body []byte) (code, message string) {
	var a struct{ ErrorCode, Error anyJSON }
	if jsonv2.Unmarshal(body, &a, lax) != nil {
		return "", ""
	}
	return r.text(string(a.ErrorCode)), r.text(string(a.Error))
}
