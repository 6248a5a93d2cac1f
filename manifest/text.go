package manifest

import "errors"

// textRows reads one key a line. The line end is LF or CRLF; all other bytes
// belong to the key.
type textRows struct {
	in    *input
	check *checker
}

func (t *textRows) read(e *Entry) error {
	for {
		err := t.in.next()
		if errors.Is(err, errTooLong) {
			return tooLong(t.check, t.in.line)
		}
		if err != nil {
			return err
		}
		key := trimEOL(t.in.token())
		if len(key) == 0 {
			continue
		}
		var v values
		v[colKey] = string(key)
		*e = Entry{Line: t.in.line}
		if reason := t.check.fill(e, &v); reason != "" {
			return t.check.reject(t.in.line, reason, &v, nil)
		}
		return nil
	}
}
