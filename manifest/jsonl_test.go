package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

func TestJSONL(t *testing.T) {
	long := strings.Repeat("x", entry.MaxKey)
	tests := []struct {
		name, bucket, data string
		want               want
	}{
		{"flat", "", `{"bucket":"b","key":"a"}` + "\n" + `{"Bucket":"b","OBJECT_KEY":"c"}` + "\n", want{rows: []string{"b/a", "b/c"}}},
		{"no last newline", "", `{"bucket":"b","key":"a"}`, want{rows: []string{"b/a"}}},
		{"the api's shape", "", `{"Source":{"Bucket":"b","ObjectKey":"a"}}`, want{rows: []string{"b/a"}}},
		{"crlf, blank lines, bom", "", "\ufeff" + `{"bucket":"b","key":"a"}` + "\r\n\r\n \t\n" + ` {"bucket":"b","key":"c"} ` + "\r\n", want{rows: []string{"b/a", "b/c"}}},
		{"default bucket", "d", `{"key":"a"}`, want{rows: []string{"d/a"}}},
		{"null is absent", "d", `{"key":"a","bucket":null,"priority":null,"services":null,"Destination":null}`, want{rows: []string{"d/a"}}},
		{"no bucket", "", `{"key":"a"}`, want{rejects: []reject{{1, "no bucket"}}}},
		{"no key", "d", `{"bucket":"b"}` + "\n{}\n", want{rejects: []reject{{1, "no key"}, {2, "no key"}}}},
		{"s3 url", "", `{"key":"s3://b/a"}`, want{rows: []string{"b/a"}}},
		{"escapes", "d", `{"key":"\u00fc\n\r\n\"\\\ud83c\udfac\/"}` + "\n" + `{"k\u0065y":"x"}`, want{rows: []string{"d/ü\n\r\n\"\\🎬/", "d/x"}}},
		{"escapes in key and after", "d", `{"key":"a\tb","bucket":"b"}`, want{rows: []string{"b/a\tb"}}},
		{"duplicate key", "d", `{"key":"a","key":"b"}` + "\n" + `{"key":"c"}`, want{rows: []string{"d/c"}, rejects: []reject{{1, `"key" stands twice`}}}},
		{"duplicate key, escaped", "d", `{"key":"a","k\u0065y":"b"}`, want{rejects: []reject{{1, "stands twice"}}}},
		{"duplicate in an extra field", "d", `{"key":"a","x":{"y":1,"y":2}}`, want{rejects: []reject{{1, `"y" stands twice`}}}},
		{"two spellings", "d", `{"key":"a","Object_Key":"b"}` + "\n" + `{"key":"a","KEY":"a"}`, want{rejects: []reject{{1, `the key is given twice, the second time as "Object_Key"`}, {2, "given twice"}}}},
		{"flat and nested", "", `{"bucket":"b","key":"a","Source":{"Bucket":"c"}}`, want{rejects: []reject{{1, "the bucket is given twice"}}}},
		{"unknown in Source", "", `{"Source":{"Bucket":"b","ObjectKey":"a","Provider":"x"}}`, want{rejects: []reject{{1, `"Provider" is not known in Source`}}}},
		{"unknown in Destination", "d", `{"key":"a","Destination":{"Path":"x"}}`, want{rejects: []reject{{1, `"Path" is not known in Destination`}}}},
		{"invalid utf-8", "d", "{\"key\":\"a\xff\"}\n{\"key\":\"b\"}", want{rows: []string{"d/b"}, rejects: []reject{{1, "invalid UTF-8"}}}},
		{"lone surrogate", "d", `{"key":"a\ud800"}` + "\n" + `{"key":"\udc00"}`, want{rejects: []reject{{1, "not valid JSON"}, {2, "not valid JSON"}}}},
		{"trailing data", "d", `{"key":"a"}{"key":"b"}` + "\n" + `{"key":"a"} x`, want{rejects: []reject{{1, `"{\"key\":\"b\"}" follows`}, {2, `"x" follows`}}}},
		{"cut", "d", `{"key":"a"` + "\n" + `{"key":"b"}`, want{rows: []string{"d/b"}, rejects: []reject{{1, "not valid JSON"}}}},
		{"no object", "d", `["a"]` + "\n\"a\"\nkey\n1\n", want{rejects: []reject{{1, "no JSON object"}, {2, "no JSON object"}, {3, "no JSON object"}, {4, "no JSON object"}}}},
		{"key of a wrong type", "d", `{"key":5}` + "\n" + `{"key":["a"]}` + "\n" + `{"key":{"a":1}}`, want{rejects: []reject{{1, `the field "key" is "5"; write a string`}, {2, "write a string"}, {3, "write a string"}}}},
		{"priority", "d", `{"key":"1","priority":"5"}` + "\n" + `{"key":"2","priority":11}` + "\n" + `{"key":"3","priority":1.5}` + "\n" + `{"key":"4","priority":true}` + "\n" + `{"key":"5","priority":10}`,
			want{rows: []string{"d/5"}, rejects: []reject{{1, "without quotes"}, {2, `"11"`}, {3, `"1.5"`}, {4, "write a number"}}}},
		{"services", "d", `{"key":"1","services":["ocr"]}` + "\n" + `{"key":"2","services":{"ocr":1}}` + "\n" + `{"key":"3","services":"ocr"}` + "\n" + `{"key":"4","services":{}}`,
			want{rows: []string{"d/3"}, rejects: []reject{{1, "write for example"}, {2, `"ocr"`}, {4, "name none"}}}},
		{"name", "d", `{"key":"1","Name":"  "}` + "\n" + `{"key":"2","Name":7}`, want{rejects: []reject{{1, "blank"}, {2, "write a string"}}}},
		{"long keys", "d", `{"key":"` + long + `"}` + "\n" + `{"key":"x` + long + `"}`, want{rows: []string{"d/" + long}, rejects: []reject{{2, "1025 bytes"}}}},
		{"nul", "d", `{"key":"a\u0000b"}`, want{rejects: []reject{{1, "NUL"}}}},
		{"a line of 1 MB", "d", `{"key":"` + strings.Repeat("x", 1<<20) + `"}` + "\n" + `{"key":"b"}`, want{rows: []string{"d/b"}, rejects: []reject{{1, "1048576 bytes"}}}},
		{"a line over the limit", "d", `{"key":"a"}` + "\n" + `{"key":"` + strings.Repeat("x", 2*input.MaxLine) + `"}` + "\n" + `{"key":"b"}`, want{rows: []string{"d/a", "d/b"}, rejects: []reject{{2, "line is longer"}}}},
		{"deep", "d", `{"key":"a","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, want{rejects: []reject{{1, "not valid JSON"}}}},
		{"empty", "d", "", want{end: "is empty", unread: true}},
		{"blank lines only", "d", "\n\r\n\n", want{end: "is empty", unread: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, rejected, end := read(t, FormatJSONL, tt.bucket, tt.data)
			tt.want.check(t, all, rejected, end)
		})
	}
}

func TestJSONLColumns(t *testing.T) {
	want := entry.Entry{
		Line: 1, Bucket: "b", Key: "k", Region: "r", Endpoint: "https://e", Name: "N", Priority: 7,
		Services: []byte(`{"ocr":{"config":{"a":1,"b":12345678901234567890}},"s2t":""}`), DestinationBucket: "db", DestinationRegion: "dr",
		Extra: []entry.Field{{Name: "Batch", Value: "B"}, {Name: "tags", Value: `["x", 1]`}, {Name: "n", Value: "null"}, {Name: "source", Value: "cam\n1"}},
	}
	tests := []struct{ name, data string }{
		{"flat", `{"bucket":"b","key":"k","region":"r","endpoint":"https://e","name":"N","priority":7,` +
			`"services":{"s2t":"","ocr":{"config":{"b":12345678901234567890,"a":1}}},"destination_bucket":"db","destination_region":"dr",` +
			`"Batch":"B","tags":["x", 1],"n":null,"source":"cam\n1"}`},
		{"nested", `{"Batch":"B","Name":"N","Priority":7,"Services":{ "ocr":{"config":{"b":12345678901234567890,"a":1}},"s\u0032t":"" },` +
			`"Destination":{"Bucket":"db","Region":"dr"},"Source":{"Endpoint":"https://e","Bucket":"b","Region":"r","ObjectKey":"k"},` +
			`"tags":["x", 1],"n":null}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, rejected, end := read(t, FormatJSONL, "", tt.data)
			if end != nil || len(rejected) > 0 {
				t.Fatal(end, rejected)
			}
			want := want
			if tt.name == "nested" {
				want.Extra = want.Extra[:3]
			}
			if d := cmp.Diff([]entry.Entry{want}, all); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
		})
	}
}

func TestJSONLRejectedColumns(t *testing.T) {
	_, rejected, _ := read(t, FormatJSONL, "", `{"bucket":"b","key":"k","priority":"5","name":"N","title":"T"}`+"\n"+`{"bucket":"b","key":"k","Key":"l"}`)
	want := []*entry.RowError{
		{Source: "-", Line: 1, Bucket: "b", Key: "k", Reason: `the field "priority" is "\"5\""; write the number without quotes`,
			Extra: []entry.Field{{Name: "name", Value: "N"}, {Name: "priority", Value: `"5"`}, {Name: "title", Value: "T"}}},
		{Source: "-", Line: 2, Reason: `the key is given twice, the second time as "Key"; give it once`},
	}
	if d := cmp.Diff(want, rejected); d != "" {
		t.Errorf("rejected (-want +got):\n%s", d)
	}
}

func TestText(t *testing.T) {
	tests := []struct {
		name, bucket, data string
		want               want
	}{
		{"keys", "d", "a.mp4\nb/c,d \" e.mp4\n", want{rows: []string{"d/a.mp4", "d/b/c,d \" e.mp4"}}},
		{"crlf and blank lines", "d", "a\r\n\r\n\nb\r\n", want{rows: []string{"d/a", "d/b"}}},
		{"no last newline", "d", "a\nb", want{rows: []string{"d/a", "d/b"}}},
		{"blanks belong to the key", "d", " a \n\tb\n \n", want{rows: []string{"d/ a ", "d/\tb", "d/ "}}},
		{"crs before the line end, and in a line", "d", "a\r\r\nb\r\r\nb\rc\r\r\n", want{rows: []string{"d/a", "d/b"}, rejects: []reject{{3, "carriage return"}}}},
		{"two crs in a line of a file that has one", "d", "a\r\nb\r\r\n", want{rows: []string{"d/a"}, rejects: []reject{{2, "carriage return"}}}},
		{"bom", "d", "\ufeffa\n\ufeffb\n", want{rows: []string{"d/a", "d/b"}}},
		{"s3 urls", "d", "s3://b/a\nc\nS3://b/d\n", want{rows: []string{"b/a", "d/c", "b/d"}}},
		{"no bucket", "", "a\ns3://b/a\n", want{rows: []string{"b/a"}, rejects: []reject{{1, "--source-bucket"}}}},
		{"invalid utf-8", "d", "a\xff\nb\n", want{rows: []string{"d/b"}, rejects: []reject{{1, "not valid UTF-8"}}}},
		{"too long", "d", strings.Repeat("x", 1025) + "\nb\n", want{rows: []string{"d/b"}, rejects: []reject{{1, "1025 bytes"}}}},
		{"a line over the limit", "d", "a\n" + strings.Repeat("x", 2*input.MaxLine) + "\nb\n", want{rows: []string{"d/a", "d/b"}, rejects: []reject{{2, "line is longer"}}}},
		{"cr only", "d", "a\rb\rc", want{end: "carriage returns", unread: true}},
		{"empty", "d", "", want{end: "is empty", unread: true}},
		{"utf-16 with bom", "d", "\xff\xfea\x00\n\x00", want{end: "UTF-16", unread: true}},
		{"utf-16, big end first, with bom", "d", "\xfe\xff\x00a\x00\n", want{end: "UTF-16", unread: true}},
		{"utf-16 without bom", "d", "a\x00.\x00m\x00p\x004\x00\n\x00", want{end: "looks like UTF-16", unread: true}},
		{"utf-16, big end first, without bom", "d", "\x00a\x00.\x00m\x00p\x00\n", want{end: "looks like UTF-16", unread: true}},
		{"binary", "d", "\x7fELF\x02\x01\x01\x00\x00\x00\n", want{end: "binary", unread: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, rejected, end := read(t, FormatText, tt.bucket, tt.data)
			tt.want.check(t, all, rejected, end)
		})
	}
}

// TestJSONLEscapedNames: a name written with escapes is the same on every line.
func TestJSONLEscapedNames(t *testing.T) {
	const line = `{"key":"k","t\u0069tle":"T"}` + "\n"
	all, _, end := read(t, FormatJSONL, "b", line+line)
	if end != nil || len(all) != 2 {
		t.Fatal(len(all), end)
	}
	for _, e := range all {
		if d := cmp.Diff([]entry.Field{{Name: "title", Value: "T"}}, e.Extra); d != "" {
			t.Errorf("line %d (-want +got):\n%s", e.Line, d)
		}
	}
}
