package air_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"airlift/worker/air"
)

// The body of a POST says what encoding/json would make it say, and is not sent where that would say something else.
func FuzzEncode(f *testing.F) {
	f.Add("clip", "b", "in", "a+b %41/ü\u2028\x01\"\\\r\n&<>\x7f", "r", `{"ocr":""}`, 5)
	f.Add("", "", "", "", "", ` { "logo" : { "config" : { "x" : 0.85 } } } `, 0)
	f.Add("a", "b", "c", "\xff", "e", `{"a":1,"a":2}`, -1)
	f.Add("a", "b", "c", "d", "e", `{`, 1)
	f.Fuzz(func(t *testing.T, name, batch, bucket, key, region, services string, priority int) {
		job := air.NewJob{
			Name: name, Priority: priority, Services: json.RawMessage(services), Batch: batch, Destination: air.Destination{Bucket: bucket, Region: region},
			Source: air.Source{Endpoint: region, Bucket: bucket, Region: region, ObjectKey: key, Provider: batch},
		}
		got, err := air.Encode(job)
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		refused := enc.Encode(job)
		if bad := refused != nil || !utf8.ValidString(name+"|"+batch+"|"+bucket+"|"+key+"|"+region+"|"+services); (err != nil) != bad || bad && !errors.Is(err, air.ErrInvalidJob) {
			t.Fatalf("%+v: got %v, want an error: %v", job, err, bad)
		}
		if err != nil {
			return
		}
		// The two differ in how they escape, in nothing else.
		var ours, theirs any
		if err := errors.Join(json.Unmarshal(got, &ours), json.Unmarshal(b.Bytes(), &theirs)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(theirs, ours); d != "" {
			t.Errorf("(-encoding/json +ours):\n%s\n%s\n%s", d, b.Bytes(), got)
		}
	})
}
