package manifest

import (
	"strings"
	"testing"

	"airlift/manifest/entry"
)

func TestParseServices(t *testing.T) {
	tests := []struct{ name, in, want, err string }{
		{"one", "ocr", `{"ocr":""}`, ""},
		{"list, sorted", "s2t,ocr", `{"ocr":"","s2t":""}`, ""},
		{"all separators", " s2t; ocr|face\tlogo ,nld", `{"face":"","logo":"","nld":"","ocr":"","s2t":""}`, ""},
		{"unknown id", "dream-reading", `{"dream-reading":""}`, ""},
		{"object", ` { "s2t" : "" , "ocr":{"config":{}} } `, `{"ocr":{"config":{}},"s2t":""}`, ""},
		{"object, canonical", `{"logo":{"config":{"z":[1.50,1e3],"a":"\u00fc\/"}}}`, `{"logo":{"config":{"a":"ü/","z":[1.50,1e3]}}}`, ""},
		{"large numbers stay", `{"a":{"config":{"n":12345678901234567890}}}`, `{"a":{"config":{"n":12345678901234567890}}}`, ""},
		{"empty", "", "", "name none"},
		{"blank", "  ", "", "name none"},
		{"separators only", ",;", "", "name none"},
		{"empty object", "{}", "", "name none"},
		{"twice", "ocr,s2t,ocr", "", `"ocr" twice`},
		{"twice in the object", `{"ocr":"","ocr":""}`, "", `"ocr" stands twice`},
		{"array", `["ocr"]`, "", "not a JSON object"},
		{"a string", `"ocr"`, "", "not a JSON object"},
		{"wrong value", `{"ocr":true}`, "", `must be "" or`},
		{"wrong string", `{"ocr":"yes"}`, "", `must be "" or`},
		{"no config means the defaults", `{"s2t":"","ocr":{ },"logo":{"config":{"a<b":1}}}`, `{"logo":{"config":{"a<b":1}},"ocr":"","s2t":""}`, ""},
		{"config is no object", `{"ocr":{"config":1}}`, "", `must be "" or`},
		{"config and more", `{"ocr":{"config":{},"x":1}}`, "", `must be "" or`},
		{"config in another case", `{"ocr":{"Config":{}}}`, "", `must be "" or`},
		{"blank id", `{" ":""}`, "", "no service id"},
		{"empty id", `{"":""}`, "", "no service id"},
		{"control character", "oc\x01r", "", "no service id"},
		{"quotes", "ocr,\"s2t\"", "", "no service id"},
		{"cut", `{"ocr":""`, "", "not valid JSON"},
		{"trailing", `{"ocr":""} x`, "", "not valid JSON"},
		{"invalid utf-8", "oc\xff", "", "not valid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := entry.ParseServices(tt.in)
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got error %v, want %q in it", err, tt.err)
			}
		})
	}
}

// TestParseServicesOfTwoProblems: it is always the same one that is told, so that
// reading a manifest again rejects its rows for the same reasons.
func TestParseServicesOfTwoProblems(t *testing.T) {
	for range 50 {
		_, err := entry.ParseServices(`{"b":1,"":"","c":2}`)
		if err == nil || !strings.Contains(err.Error(), `"" is no service id`) {
			t.Fatalf("got error %v, want that of the empty id, the first by name", err)
		}
	}
}
