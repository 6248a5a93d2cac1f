package entry

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Checker turns a row's values into an entry or a reason to reject it. It is the only
// place for the rules that all formats share.
type Checker struct {
	Source    string       // as the user named it
	Bucket    string       // of rows that name none
	Batch     string       // of the run; "" allows any
	Endpoint  string       // host of the S3 server that the user named, "" for none
	Exact     bool         // keys are never URIs
	NoDetails bool         // no column describes the object
	Warn      func(string) // receives notes, each once; may be nil

	warned     map[string]bool
	goodBucket string                     // the last good bucket
	goodTarget string                     // the last good destination bucket
	services   map[string]json.RawMessage // by the text given: rows repeat it
}

// NoKey is the reason for which a row without a key is rejected.
const NoKey = "no key: the row names no object; give its key"

// cachedServices and knownText limit Checker.services: that many texts, none longer than that.
const (
	cachedServices = 256
	knownText      = 1 << 10
)

// Fill sets the entry's fields, except Line and Extra. It returns the reason for
// which the row is rejected, "" if it is good.
func (c *Checker) Fill(e *Entry, v *Values) string {
	if v[colState] != "" {
		if reason := escapedRow(v); reason != "" {
			return reason
		}
	}
	if reason := c.fillObject(e, v); reason != "" {
		return reason
	}
	if reason := c.fillJob(e, v); reason != "" {
		return reason
	}
	if c.NoDetails {
		return ""
	}
	if b := v[colBatch]; b != "" && c.Batch != "" && b != c.Batch && TrimBlanks(b) != c.Batch {
		return fmt.Sprintf("the row belongs to the batch %s, and this run's is %q; run that batch separately (--batch), or remove the column", Excerpt(b), c.Batch)
	}
	e.setDetails(v)
	return e.setVersion(v)
}

// fillObject sets the fields that name the object.
func (c *Checker) fillObject(e *Entry, v *Values) string {
	bucket, key, reason := c.object(v)
	if reason != "" {
		return reason
	}
	if bucket == "" {
		bucket = c.Bucket
	}
	switch {
	case key == "":
		return NoKey
	case bucket == "":
		return "no bucket: the row names none; add a bucket column, or set --source-bucket"
	}
	if last := key[len(key)-1]; !c.Exact && (last == ' ' || last == '\t') {
		c.Note(e.Line, "a key ends in a blank, which is kept; remove it if it is not part of the key")
	}
	if reason := KeyProblem(key); reason != "" {
		return reason
	}
	if bucket != c.goodBucket {
		if reason := bucketProblem(bucket); reason != "" {
			return reason
		}
		c.goodBucket = bucket
	}
	e.Bucket, e.Key = bucket, key
	e.Region, e.Endpoint = TrimBlanks(v[ColRegion]), TrimBlanks(v[ColEndpoint])
	e.State = v[colState]
	return ""
}

// object returns the bucket and the key of a row, taking a URI apart.
func (c *Checker) object(v *Values) (bucket, key, reason string) {
	bucket, key = TrimBlanks(v[ColBucket]), v[ColKey]
	if c.Exact {
		return bucket, key, ""
	}
	scheme, rest, ok := SplitScheme(key)
	if !ok {
		return bucket, key, ""
	}
	b, k, reason := c.parseURI(key, scheme, rest)
	if reason == "" && bucket != "" && bucket != b {
		reason = fmt.Sprintf("the key names the bucket %q, the bucket column %q; give one of them", b, bucket)
	}
	return b, k, reason
}

// fillJob sets the fields of the job.
func (c *Checker) fillJob(e *Entry, v *Values) string {
	e.DestinationBucket, e.DestinationRegion = TrimBlanks(v[ColDestinationBucket]), TrimBlanks(v[ColDestinationRegion])
	if b := e.DestinationBucket; b != "" && b != c.goodTarget {
		if reason := bucketProblem(b); reason != "" {
			return "destination_bucket: " + reason
		}
		c.goodTarget = b
	}
	if v[colName] != "" {
		if reason := checkName(v[colName]); reason != "" {
			return reason
		}
		e.Name = v[colName]
	}
	if p := TrimBlanks(v[ColPriority]); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n > 10 {
			return fmt.Sprintf("priority %s is not a whole number from 1 to 10", Excerpt(p))
		}
		e.Priority = n
	}
	if s := v[ColServices]; s != "" {
		parsed, err := c.parseServices(s)
		if err != nil {
			return err.Error()
		}
		e.Services = parsed
	}
	return ""
}

// Note warns, once for each text, that something was removed or skipped.
func (c *Checker) Note(line int64, text string) {
	if c.Warn == nil || c.warned[text] {
		return
	}
	if c.warned == nil {
		c.warned = map[string]bool{}
	}
	c.warned[text] = true
	c.Warn(fmt.Sprintf("%s: line %d: %s", c.Source, line, text))
}

func (c *Checker) parseServices(s string) (json.RawMessage, error) {
	if parsed, ok := c.services[s]; ok {
		return parsed, nil
	}
	parsed, err := ParseServices(s)
	if err != nil || len(s) > knownText {
		return parsed, err
	}
	if c.services == nil || len(c.services) >= cachedServices {
		c.services = make(map[string]json.RawMessage)
	}
	c.services[strings.Clone(s)] = parsed
	return parsed, nil
}

// Reject returns the error for a row. v is nil if it is not certain what the columns of the row are.
func (c *Checker) Reject(line int64, reason string, v *Values, extra []Field) *RowError {
	e := &RowError{Source: c.Source, Line: line, Reason: reason}
	if v == nil {
		return e
	}
	e.Bucket, e.Key = v[ColBucket], v[ColKey]
	if len(e.Key) > 2*MaxKey {
		e.Key = strings.Clone(e.Key[:2*MaxKey])
	}
	for col := ColRegion; col < ColSize; col++ {
		if v[col] != "" {
			e.Extra = append(e.Extra, Field{col.String(), v[col]})
		}
	}
	e.Extra = append(e.Extra, extra...)
	return e
}

// KeyProblem returns why a key cannot be an object's, "" if it can.
func KeyProblem(key string) string {
	switch {
	case len(key) <= MaxKey && PlainASCII(key):
	case len(key) > MaxKey:
		return fmt.Sprintf("the key is %d bytes long; S3 allows %d", len(key), MaxKey)
	case !utf8.ValidString(key):
		return fmt.Sprintf("the key %s is not valid UTF-8; save the manifest as UTF-8", Excerpt(key))
	case strings.IndexByte(key, 0) >= 0:
		return fmt.Sprintf("the key %s holds a NUL byte, which a manifest cannot carry", Excerpt(key))
	}
	return ""
}

// CheckBucket returns an ErrUsage for a name that no bucket of any S3 server has.
func CheckBucket(name string) error {
	if reason := bucketProblem(name); reason != "" {
		return Usagef("%s", reason)
	}
	return nil
}

// bucketProblem returns why a name cannot be a bucket's, "" if it can. Names have letters, digits, dots, hyphens and,
// in old ones, underscores (Amazon S3 User Guide, "General purpose bucket naming rules"). The exact rules differ
// between servers and are left to them.
func bucketProblem(b string) string {
	good := b != "" && len(b) <= 255
	for i := range len(b) {
		c := b[i]
		good = good && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_')
	}
	if !good {
		return fmt.Sprintf("%s is not a bucket name: only letters, digits, dots, hyphens and underscores are allowed, and at most 255 characters", Excerpt(b))
	}
	return ""
}

func checkName(name string) string {
	switch {
	case name[0] <= ' ' && strings.TrimSpace(name) == "", name[0] >= 0x80 && strings.TrimSpace(name) == "":
		return "the name is blank; give one, or leave it empty to have one made"
	case len(name) > maxName && utf8.RuneCountInString(name) > maxName:
		return fmt.Sprintf("the name is %d characters long; AiR allows %d", utf8.RuneCountInString(name), maxName)
	case !PlainASCII(name) && strings.ContainsFunc(name, endsLine):
		// The page's pattern is ^.*\S.*$, and a dot matches no line end.
		return fmt.Sprintf("the name %s holds a line end or another control character, which AiR does not take; leave it empty to have one made", Excerpt(name))
	}
	return ""
}

// PlainASCII reports whether a text is printable ASCII, as most keys and names are.
func PlainASCII(s string) bool {
	for i := range len(s) {
		if s[i]-' ' >= 0x7f-' ' {
			return false
		}
	}
	return true
}

func endsLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// TrimBlanks trims blanks from a value that cannot have any at its ends. It is not for keys and names.
func TrimBlanks(s string) string {
	if s == "" || s[0] > ' ' && s[len(s)-1] > ' ' {
		return s
	}
	return strings.Trim(s, " \t")
}
