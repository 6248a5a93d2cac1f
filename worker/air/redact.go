package air

import (
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// minSecret is the length in bytes of the shortest key that is replaced. Wasabi's have 20
// and 40. With test keys such as "a", replacing every a would destroy error codes.
const minSecret = 8

// maxText bounds, in bytes, what is kept of a text that a server sent.
const maxText = 1 << 10

// redactor replaces the keys in texts: a server may echo what it was sent. It holds them
// in a function, for the reason that Credentials does.
type redactor struct{ replace func(string) string }

func newRedactor(c Credentials) *redactor {
	access, secret := c.keys()
	var forms, pairs []string
	// The secret first: where both begin alike the first in the list wins. The
	// quoted form is what %q makes of it, the others stand in URLs.
	for _, s := range []string{secret, access} {
		if len(s) < minSecret {
			continue
		}
		quoted := strconv.Quote(s)
		for _, form := range []string{s, quoted[1 : len(quoted)-1], url.QueryEscape(s), url.PathEscape(s)} {
			if !slices.Contains(forms, form) {
				forms, pairs = append(forms, form), append(pairs, form, redacted)
			}
		}
	}
	replacer := strings.NewReplacer(pairs...)
	return &redactor{func(s string) string {
		for _, form := range forms { // a Replacer allocates even if it finds nothing
			if strings.Contains(s, form) {
				return replacer.Replace(s)
			}
		}
		return s
	}}
}

// text returns s without secrets, in valid UTF-8 on one line, of at most maxText
// bytes. The secrets go first, so that the cut leaves no half of one.
func (r *redactor) text(s string) string {
	s = strings.Map(func(c rune) rune {
		if c == ' ' || unicode.IsPrint(c) {
			return c
		}
		return ' '
	}, strings.ToValidUTF8(r.replace(s), "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// maxExcerpt bounds, in characters, what is kept of a body that is not AiR's.
const maxExcerpt = 120

// excerpt returns the beginning of a body on one line, with HTML and JSON escapes
// decoded. The keys are removed from the whole body first.
func (r *redactor) excerpt(body []byte) string {
	s := r.text(html.UnescapeString(unescape(string(body))))
	s = strings.Join(strings.Fields(s), " ")
	if n := []rune(s); len(n) > maxExcerpt {
		return string(n[:maxExcerpt])
	}
	return s
}

// unescape decodes the escapes of JSON strings, wherever they stand in a text.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return escape.ReplaceAllStringFunc(s, func(e string) string {
		b, err := jsontext.AppendUnquote(nil, `"`+e+`"`)
		if err != nil {
			return e
		}
		return string(b)
	})
}

var escape = regexp.MustCompile(`(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))+`)

// job replaces the keys in what a list shows of a job.
func (r *redactor) job(j *Job) {
	for _, s := range []*string{&j.ID, &j.Name, &j.UserID, &j.Created, &j.Completed, &j.Batch, &j.Status,
		&j.Source.Endpoint, &j.Source.Bucket, &j.Source.Region, &j.Source.ObjectKey, &j.Source.Provider,
		&j.Destination.Bucket, &j.Destination.Region} {
		*s = r.replace(*s)
	}
}

// error returns err with its text cleaned as by text. errors.Is and errors.As find what
// they found before, unless that holds a key itself.
func (r *redactor) error(err error) error {
	raw := err.Error()
	clean := r.text(raw)
	if clean == raw {
		return err
	}
	if r.replace(raw) != raw {
		return errors.New(clean)
	}
	return &cleanError{clean, err}
}

type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }
