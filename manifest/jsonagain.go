package manifest

import "github.com/go-json-experiment/json/jsontext"

// varying is a value in a line by which the next line may differ.
type varying struct {
	m          *member
	kind       jsontext.Kind // '"' or '0'
	start, end int           // of its text in the line
	extra      int           // its place in jsonRows.extra, -1 if it has none
	fills      bool          // it is the value of its column
}

// longPattern bounds jsonRows.pattern.
const longPattern = 16 << 10

// again reads a line that is the pattern, byte for byte, but for the values that
// vary: what quick found out about the pattern holds for the line too. It is
// false for any other line, which quick then reads from its beginning.
func (r *jsonRows) again(line []byte) bool {
	if len(r.pattern) == 0 {
		return false
	}
	i, at := 0, 0
	for _, c := range r.varying {
		same := r.pattern[at:c.start]
		if len(line)-i < len(same) || string(line[i:i+len(same)]) != string(same) {
			return false
		}
		i += len(same)
		end := -1
		if c.kind == '"' {
			end = stringEnd(line, i)
		} else {
			end = numberEnd(line, i)
		}
		if end < 0 || !plainText(line[i:end]) {
			return false
		}
		_, value, err := c.m.keep(c.kind, line[i:end])
		if err != nil {
			return false
		}
		if c.fills {
			r.v[c.m.col] = value
		}
		if c.extra >= 0 {
			r.extra[c.extra].Value = value
		}
		i, at = end, c.end
	}
	return string(line[i:]) == string(r.pattern[at:])
}

// varies notes a value that again may find to be another one. It is not set yet.
func (r *jsonRows) varies(m *member, kind jsontext.Kind, start, end int) {
	c := varying{m: m, kind: kind, start: start, end: end, extra: -1, fills: m.col != colExtra && !r.seen[m.col]}
	if m.col == colExtra || m.col.carried() {
		c.extra = len(r.extra)
	}
	r.varying = append(r.varying, c)
}
