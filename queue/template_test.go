package queue

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func templateName(t testing.TB, text, batch string, it Item) string {
	t.Helper()
	n, err := NewNamer(Batch{ID: batch, Settings: Settings{Name: text}})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return n.Name(&it)
}

func TestTemplate(t *testing.T) {
	it := Item{Bucket: "media", Key: "reels/1998/opening take.v2.mov", Extra: []Field{{"asset_id", "A 1001"}, {"empty", ""}}}
	const hash = "589dacc23895cf56"
	if got := JobName("y2024", it); got != "opening_take.v2.mov-"+hash {
		t.Fatalf("the name without a template changed: %s", got)
	}
	for text, want := range map[string]string{
		"{batch}-{stem}-{hash}":      "y2024-opening_take.v2-" + hash,
		"{hash}":                     hash,
		"{hash}.{ext}":               hash + ".mov",
		"{base}":                     "opening_take.v2.mov-" + hash,
		"{column:asset_id}":          "A_1001-" + hash,
		"x{column:empty}{column:no}": "x-" + hash,
		"{bucket}_{key}":             "media_reels_1998_opening_take.v2.mov-" + hash,
		"{dir}.{dir}":                "reels_1998.reels_1998-" + hash,
		"plain":                      "plain-" + hash,
	} {
		if got := templateName(t, text, "y2024", it); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for key, want := range map[string]string{".mov": "d:s.mov:e", "a": "d:sa:e", "x/y/": "dx_y:s:e", "a.": "d:sa:e", "x.y/z": "dx.y:sz:e"} {
		want = strings.ReplaceAll(want, ":", "_")
		if got, _, _ := strings.Cut(templateName(t, "d{dir}_s{stem}_e{ext}", "b", Item{Key: key}), "-"); got != want {
			t.Errorf("%q: got %s, want %s", key, got, want)
		}
	}
	if got := templateName(t, "{stem}", "b", Item{Key: "k", Name: "given"}); got != "given" {
		t.Errorf("a name that the manifest gives: got %q", got)
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		"":                       "empty",
		"a b":                    `' '`,
		"{stem}/{base}":          `'/'`,
		"ü":                      `'ü'`,
		"}":                      `'}'`,
		"{stem":                  "closing brace",
		"{stam}":                 "{stam}",
		"{}":                     "{}",
		"{column}":               "{column}",
		"{column:}":              "{column:}",
		"{stem:x}":               "{stem:x}",
		strings.Repeat("x", 223): "240 characters",
	} {
		if _, err := ParseTemplate(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", text, err, says)
		}
	}
	if _, err := ParseTemplate(strings.Repeat("x", 222)); err != nil {
		t.Errorf("as long as may be: %v", err)
	}
}

// Whatever the template and the item, AiR takes the name, the hash is whole in it, and it stays the same.
func TestTemplateNamesAreLawful(t *testing.T) {
	lawful := regexp.MustCompile(`^[A-Za-z0-9._-]{1,256}$`)
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{
			"{batch}", "{bucket}", "{key}", "{dir}", "{base}", "{stem}", "{ext}", "{hash}", "{column:c}", "a-literal_", "x",
		}), 1, 8).Draw(t, "pieces")
		it := Item{Bucket: "bucket", Key: rapid.StringN(1, 1024, 1024).Draw(t, "key"), Extra: []Field{{"c", rapid.String().Draw(t, "column")}}}
		text := strings.Join(pieces, "")
		n, err := NewNamer(Batch{ID: rapid.StringN(1, 256, -1).Draw(t, "batch"), Settings: Settings{Name: text}})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		name := n.Name(&it)
		if !lawful.MatchString(name) || !strings.Contains(name, string(appendHash(nil, n.batch, &it))) {
			t.Fatalf("%q: the name is %q", text, name)
		}
		if again := n.Name(&it); again != name {
			t.Fatalf("%q: the name is %q, then %q", text, name, again)
		}
	})
}
