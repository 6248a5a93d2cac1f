package queue

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestRuleMatches(t *testing.T) {
	audio := []string{".wav", ".mp3", ".m4a"}
	cases := []struct {
		name    string
		rule    Rule
		yes, no []string
	}{
		{"types", Rule{Types: audio}, []string{"a.wav", "x/y.MP3", "x.y/z.m4a", ".wav"}, []string{"a.wav.txt", "wav", "a.wav/b", "a.wavx", ""}},
		{"glob without a slash", Rule{Match: []string{"*.tif"}}, []string{"a.tif", "x/y/b.tif", "x//.tif"}, []string{"a.TIF", "a.tif/b", "atif"}},
		{"glob with a slash", Rule{Match: []string{"stills/**"}}, []string{"stills/a", "stills/x/y.tif"}, []string{"old/stills/a", "stillsx/a"}},
		{"leading slash", Rule{Match: []string{"/*.tif"}}, []string{"a.tif"}, []string{"x/a.tif"}},
		{"one of two globs", Rule{Match: []string{"a*", "*{b,c}"}}, []string{"x/a1", "xb", "y/xc"}, []string{"x/y"}},
		{"regular expressions", Rule{Match: []string{"réels/**"}, Regexps: []*regexp.Regexp{regexp.MustCompile("(?:^|/)r\u00e9els/(?s:.*)$")}},
			[]string{"r\u00e9els/a", "x/re\u0301els/b/c"}, []string{"reels/a", "r\u00e9elsx/a"}},
		{"types and match", Rule{Types: audio, Match: []string{"music/**"}}, []string{"music/a.wav"}, []string{"music/a.mov", "a.wav"}},
		{"escaped", Rule{Match: []string{`a\[1\].mov`}}, []string{"a[1].mov"}, []string{"a1.mov"}},
	}
	for _, c := range cases {
		for _, key := range c.yes {
			if !c.rule.Matches(key) {
				t.Errorf("%s: %q is not matched", c.name, key)
			}
		}
		for _, key := range c.no {
			if c.rule.Matches(key) {
				t.Errorf("%s: %q is matched", c.name, key)
			}
		}
	}
}

// Each field is from the first that gives it: the row, the rules in their order, the settings.
func TestFieldsComeFromTheFirstThatGivesThem(t *testing.T) {
	s := Settings{
		JobFields: JobFields{Services: []byte(`{"ocr":""}`), Priority: 9, DestinationBucket: "out", DestinationRegion: "eu"},
		Rules: []Rule{
			{Types: []string{".wav"}, Fields: JobFields{Services: []byte(`{"s2t":""}`)}},
			{Match: []string{"vip/**"}, Fields: JobFields{Services: []byte(`{"face":""}`), Priority: 1}},
			{Match: []string{"*"}, Fields: JobFields{DestinationBucket: "all"}},
		},
	}
	for key, want := range map[string]JobFields{
		"a.mov":     {Services: []byte(`{"ocr":""}`), Priority: 9, DestinationBucket: "all", DestinationRegion: "eu"},
		"a.wav":     {Services: []byte(`{"s2t":""}`), Priority: 9, DestinationBucket: "all", DestinationRegion: "eu"},
		"vip/a.wav": {Services: []byte(`{"s2t":""}`), Priority: 1, DestinationBucket: "all", DestinationRegion: "eu"},
		"vip/a.mov": {Services: []byte(`{"face":""}`), Priority: 1, DestinationBucket: "all", DestinationRegion: "eu"},
	} {
		if got := s.Fields(&Item{Key: key}); !got.Equal(want) {
			t.Errorf("%s: got %+v, want %+v", key, got, want)
		}
	}
	own := JobFields{Priority: 5, DestinationRegion: "own"}
	if got := s.Fields(&Item{Key: "vip/a.wav", Own: own}); got.Priority != 5 || got.DestinationRegion != "own" || string(got.Services) != `{"s2t":""}` {
		t.Errorf("with fields of its own: got %+v", got)
	}
}

// What an earlier airlift stored, without rules and template, is read as it was.
func TestSettingsReadWhatWasStoredBefore(t *testing.T) {
	f := JobFields{Services: []byte(`{"ocr":""}`), Priority: 4, DestinationBucket: "d", DestinationRegion: "r", SourceRegion: "s", SourceEndpoint: "e"}
	old, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var got Settings
	if err := json.Unmarshal(old, &got); err != nil || !reflect.DeepEqual(got, Settings{JobFields: f}) {
		t.Errorf("got %+v (%v), want %+v", got, err, f)
	}
	full := Settings{JobFields: f, Name: "{stem}", Rules: []Rule{{Match: []string{"*"}, Types: []string{".wav"}, Fields: JobFields{Priority: 1}}}}
	b, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	if got = (Settings{}); json.Unmarshal(b, &got) != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("got %+v, want %+v", got, full)
	}
	// The same pattern with another meaning is another rule.
	meant := full
	meant.Rules = []Rule{full.Rules[0]}
	meant.Rules[0].Regexps = []*regexp.Regexp{regexp.MustCompile(`(?:^|/)[^/]*$`)}
	if b, err = json.Marshal(meant); err != nil {
		t.Fatal(err)
	}
	if got = (Settings{}); json.Unmarshal(b, &got) != nil || !got.Equal(meant) || got.Equal(full) {
		t.Errorf("got %+v, want %+v", got, meant)
	}
}

func TestSettingsOr(t *testing.T) {
	rules := []Rule{{Match: []string{"*"}, Fields: JobFields{Priority: 1}}}
	stored := Settings{Rules: rules, Name: "{stem}"}
	if got := (Settings{}).Or(stored); !got.Equal(stored) {
		t.Errorf("nothing given: got %+v", got)
	}
	if got := (Settings{Rules: []Rule{}, Name: "{base}"}).Or(stored); len(got.Rules) != 0 || got.Name != "{base}" {
		t.Errorf("no rules given: got %+v", got)
	}
	other := Settings{Rules: []Rule{{Match: []string{"*"}, Fields: JobFields{Priority: 2}}}, Name: "{stem}"}
	if other.Equal(stored) || !(Settings{Rules: []Rule{}}).Equal(Settings{}) {
		t.Error("Equal: other rules are equal, or none differ from none")
	}
}

func TestValidateRules(t *testing.T) {
	good := Rule{Match: []string{"*.mov"}, Fields: JobFields{Priority: 3}}
	many := make([]Rule, maxRules+1)
	for i := range many {
		many[i] = good
	}
	for name, c := range map[string]struct {
		rules []Rule
		says  string
	}{
		"good":           {many[:maxRules], ""},
		"none":           {nil, ""},
		"too many":       {many, "at most"},
		"for everything": {[]Rule{good, {Fields: good.Fields}}, "rule 2: it has neither"},
		"bad glob":       {[]Rule{{Match: []string{"a", "["}, Fields: good.Fields}}, `rule 1: match "["`},
		"empty glob":     {[]Rule{{Match: []string{""}, Fields: good.Fields}}, `rule 1: match ""`},
		"bad type":       {[]Rule{{Types: []string{"mov"}, Fields: good.Fields}}, `rule 1: type "mov"`},
		"gives nothing":  {[]Rule{{Match: good.Match}}, "rule 1: it gives nothing"},
		"priority":       {[]Rule{{Match: good.Match, Fields: JobFields{Priority: 11}}}, "rule 1: priority 11"},
		"too long":       {[]Rule{{Match: []string{strings.Repeat("x", maxRuleText)}, Fields: JobFields{DestinationBucket: "b"}}}, "bytes"},
	} {
		err := ValidateRules(c.rules)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
}
