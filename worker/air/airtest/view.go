package airtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/worker/air"
)

const (
	userID     = "arn:aws:iam::100000000000:user/sandbox"
	dateFormat = "2006-01-02T15:04:05.000Z"
)

// view is a moment of the store that may be read without the lock: jobs are only
// ever added.
type view struct {
	*store   // for ids alone: its maps need the lock
	jobs     []record
	profiles []profile
	now      time.Time
	settings Settings
	// forgotten is how many of the oldest jobs no list shows any more.
	forgotten int
}

// view takes the moment. The caller holds s.mu.
func (s *Server) view() view {
	return view{s.store, s.store.jobs, s.store.profiles, s.now(), s.settings, s.forgotten}
}

// created returns when the n-th job was created, as it is shown.
func (v *view) created(n uint32) time.Time {
	return time.Unix(0, v.jobs[n].created).UTC().Truncate(time.Duration(v.settings.TurningTies))
}

// state says how far a job has come, and when it ended if it has.
func (v *view) state(n uint32) (status string, ended time.Time) {
	life := time.Duration(v.settings.Lifecycle)
	if life == 0 {
		life = defaultLifecycle
	}
	created := time.Unix(0, v.jobs[n].created).UTC()
	age := v.now.Sub(created)
	switch {
	case life < 0 || age < life/5:
		return air.StatusSubmitted, time.Time{}
	case age < life*2/5:
		return air.StatusPreflight, time.Time{}
	case age < life:
		return air.StatusInProgress, time.Time{}
	case v.failure(n) != "":
		return air.StatusFailed, created.Add(life)
	}
	return air.StatusCompleted, created.Add(life)
}

// failure returns the code with which a job fails in the end, or "".
func (v *view) failure(n uint32) string {
	const usual = "PROCESSING_ERROR"
	key := v.jobs[n].key()
	for _, rule := range v.settings.FailKeys {
		text, code, given := strings.Cut(rule, "=")
		if strings.Contains(key, text) && given {
			return code
		} else if strings.Contains(key, text) {
			return usual
		}
	}
	if float64(mix(uint64(n)+1)>>11)/(1<<53) < v.settings.FailShare {
		return usual
	}
	return ""
}

// job returns the n-th job.
func (v *view) job(n uint32) air.Job {
	r := &v.jobs[n]
	p := &v.profiles[r.profile]
	status, ended := v.state(n)
	j := air.Job{
		ID: v.id(n), Name: r.name(), UserID: userID, Priority: p.priority, Batch: p.batch, Status: status,
		Services: json.RawMessage(p.services), Destination: p.destination,
		Created: v.created(n).Format(dateFormat),
		Source: air.Source{
			Endpoint: p.endpoint, Bucket: p.bucket, Region: p.region, ObjectKey: r.key(), Provider: p.shownProvider(),
		},
	}
	if !ended.IsZero() {
		j.Completed = ended.Format(dateFormat)
	}
	return j
}

func (p *profile) shownProvider() string {
	if p.provider == "" {
		return "wasabi"
	}
	return p.provider
}

// appendJob appends the n-th job as JSON.
func (v *view) appendJob(b []byte, n uint32, services bool) []byte {
	r := &v.jobs[n]
	p := &v.profiles[r.profile]
	status, ended := v.state(n)
	b = appendField(b, `{"Id":`, v.id(n))
	b = appendField(b, `,"Name":`, r.name())
	b = appendField(b, `,"Source":{"Endpoint":`, p.endpoint)
	b = appendField(b, `,"Bucket":`, p.bucket)
	b = appendField(b, `,"Region":`, p.region)
	b = appendField(b, `,"ObjectKey":`, r.key())
	b = appendField(b, `,"Provider":`, p.shownProvider())
	b = append(b, '}')
	if services {
		b = append(append(b, `,"Services":`...), p.services...)
	}
	b = appendField(b, `,"UserId":`, userID)
	b = append(b, `,"Created":"`...)
	b = v.created(n).AppendFormat(b, dateFormat)
	b = append(b, '"')
	if !ended.IsZero() {
		b = appendField(b, `,"Completed":`, ended.Format(dateFormat))
	}
	if p.priority != 0 {
		b = strconv.AppendInt(append(b, `,"Priority":`...), int64(p.priority), 10)
	}
	b = appendField(b, `,"Batch":`, p.batch)
	b = appendField(b, `,"Status":`, status)
	b = appendField(b, `,"Destination":{"Bucket":`, p.destination.Bucket)
	b = appendField(b, `,"Region":`, p.destination.Region)
	return append(b, '}', '}')
}

func appendField(b []byte, name, text string) []byte {
	b = append(b, name...)
	quoted, err := jsontext.AppendQuote(b, text)
	if err != nil { // cannot be: only valid UTF-8 is stored
		panic(fmt.Sprintf("quote %q: %v", text, err))
	}
	return quoted
}
