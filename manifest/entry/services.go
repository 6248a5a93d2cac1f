package entry

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ParseServices reads the services of a job in either form: a list of ids separated by comma, semicolon, bar or blanks
// ("ocr,s2t", all with their defaults), or the JSON object of AiR's API, whose values are "" (or {}, which means "") or
// {"config":{...}}. It returns that object in canonical form: compact, without needless escapes, names sorted at every
// level, numbers as written, so that equal settings are equal bytes. Unknown ids are passed on: AiR may know them. No
// id, a duplicate or a malformed one is an error.
func ParseServices(s string) (json.RawMessage, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return nil, errors.New("services name none; write for example ocr,s2t")
	case !utf8.ValidString(s):
		return nil, errors.New("services are not valid UTF-8; save the text as UTF-8")
	case s[0] == '{':
		return servicesObject(s)
	case s[0] == '[' || s[0] == '"':
		return nil, fmt.Errorf(`services are %s, not a JSON object; write for example ocr,s2t or {"ocr":""}`, Excerpt(s))
	}
	ids := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",;|", r) || unicode.IsSpace(r) })
	if len(ids) == 0 {
		return nil, fmt.Errorf("services %s name none; write for example ocr,s2t", Excerpt(s))
	}
	slices.Sort(ids)
	b := []byte{'{'}
	for i, id := range ids {
		if err := checkID(id); err != nil {
			return nil, err
		}
		if i > 0 {
			if ids[i-1] == id {
				return nil, fmt.Errorf("services name %q twice; name it once", id)
			}
			b = append(b, ',')
		}
		var err error
		if b, err = jsontext.AppendQuote(b, id); err != nil {
			return nil, fmt.Errorf("services: id %q: %w", id, err)
		}
		b = append(b, `:""`...)
	}
	return canonical(append(b, '}'))
}

// KnownServices returns the ids of the services that AiR's API page names. AiR may know others.
func KnownServices() []string { return []string{"ocr", "s2t", "nld", "audiotag", "face", "logo"} }

// UnknownServices returns the ids in services, as ParseServices returns them, that are none of KnownServices, sorted.
func UnknownServices(services json.RawMessage) []string {
	var values map[string]json.RawMessage
	if json.Unmarshal(services, &values) != nil {
		return nil
	}
	known := KnownServices()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), func(id string) bool { return slices.Contains(known, id) })
}

// servicesObject checks the API's form.
func servicesObject(s string) (json.RawMessage, error) {
	// jsontext has refused duplicates.
	c, err := canonical([]byte(s))
	if err != nil {
		return nil, err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(c, &values); err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	if len(values) == 0 {
		return nil, errors.New(`services name none; write for example {"ocr":""}`)
	}
	defaults := false
	for _, id := range slices.Sorted(maps.Keys(values)) { // sorted, so that the reported problem is deterministic
		if err := checkID(id); err != nil {
			return nil, err
		}
		v := values[id]
		switch string(v) {
		case `""`:
			continue
		case `{}`: // the page allows both for "with its defaults"
			values[id], defaults = json.RawMessage(`""`), true
			continue
		}
		var settings map[string]json.RawMessage
		err := json.Unmarshal(v, &settings)
		if config := settings["config"]; err != nil || len(settings) != 1 || len(config) == 0 || config[0] != '{' {
			return nil, fmt.Errorf(`services: the value of %q is %s; it must be "" or {"config":{...}}`, id, Excerpt(string(v)))
		}
	}
	if defaults {
		if c, err = json.Marshal(values); err != nil {
			return nil, fmt.Errorf("services: %w", err)
		}
		return canonical(c)
	}
	return c, nil
}

// canonical does not use RFC 8785, which would round large numbers.
func canonical(object []byte) (json.RawMessage, error) {
	c, err := jsontext.AppendFormat(nil, object, jsontext.ReorderRawObjects(true))
	if err != nil {
		return nil, fmt.Errorf("services are not valid JSON: %s", JSONReason(err))
	}
	return json.RawMessage(c), nil
}

func checkID(id string) error {
	bad := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(",;|\"'`{}[]\ufeff", r)
	}
	if id == "" || strings.ContainsFunc(id, bad) {
		return fmt.Errorf("services: %q is no service id; write for example ocr or s2t", id)
	}
	return nil
}
