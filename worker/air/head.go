package air

import (
	"bytes"
	"strings"
	"time"
)

// head is the header of a usual answer: what we need to know of it.
type head struct {
	size   int // bytes of the header itself
	status int
	length int64 // of the body
	date   []byte
	when   time.Time // date, once it is parsed
}

// parseHead reads an answer's header that lies whole at the beginning of text, if it is of the usual kind: HTTP/1.1 with a
// final status that has a body, plain header fields, and one Content-Length. Of any other kind, be it lawful or not, it
// says false, and net/http reads it: chunks, interim answers, redirects, connections that end.
func parseHead(text []byte) (head, bool) {
	end := bytes.Index(text, []byte("\r\n\r\n"))
	if end < 0 {
		return head{}, false
	}
	h := head{size: end + len("\r\n\r\n"), length: -1}
	line, rest, _ := bytes.Cut(text[:end], []byte("\r\n"))
	const version = "HTTP/1.1 "
	if len(line) < len(version)+4 || string(line[:len(version)]) != version || line[len(version)+3] != ' ' || !plainText(line) {
		return head{}, false
	}
	for _, c := range line[len(version) : len(version)+3] {
		if c < '0' || c > '9' {
			return head{}, false
		}
		h.status = h.status*10 + int(c-'0')
	}
	if s := h.status; s < 200 || s == 204 || s >= 300 && s < 400 || s >= 600 {
		return head{}, false
	}
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		if !h.field(line) {
			return head{}, false
		}
	}
	return h, h.length >= 0
}

// field takes up a line of the header, and reports whether it is a usual one.
func (h *head) field(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !plainText(line) {
		return false
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " ")
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	switch {
	case is(name, "content-length"):
		if h.length >= 0 || len(value) == 0 || len(value) > 9 {
			return false
		}
		h.length = 0
		for _, c := range value {
			if c < '0' || c > '9' {
				return false
			}
			h.length = h.length*10 + int64(c-'0')
		}
	case is(name, "date"):
		if h.date != nil {
			return false
		}
		h.date = value
	case is(name, "connection"):
		return is(value, "keep-alive")
	case is(name, "transfer-encoding"), is(name, "trailer"), is(name, "upgrade"):
		return false
	}
	return true
}

// is reports whether text is that, in small letters or capitals.
func is(text []byte, that string) bool {
	return len(text) == len(that) && strings.EqualFold(string(text), that)
}

// plainText reports whether text is made of visible ASCII and spaces.
func plainText(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
