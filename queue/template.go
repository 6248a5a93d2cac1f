package queue

import (
	"errors"
	"fmt"
	"strings"
)

// Template says how the names of a batch's jobs are put together; see [ParseTemplate].
type Template struct{ parts []part }

// part is a piece of literal text, or a placeholder.
type part struct{ literal, placeholder, column string }

const (
	placeHash   = "hash"
	placeColumn = "column"
)

// maxFixed bounds the fixed text of a template: it leaves room for the suffix of a version's name.
const maxFixed = maxName - 1 - versionHex

// placeholders give the value of each placeholder but {hash} and {column:NAME}.
var placeholders = map[string]func(batch string, it *Item) string{
	"batch":  func(batch string, _ *Item) string { return batch },
	"bucket": func(_ string, it *Item) string { return it.Bucket },
	"key":    func(_ string, it *Item) string { return it.Key },
	"dir":    func(_ string, it *Item) string { dir, _ := splitKey(it.Key); return strings.TrimSuffix(dir, "/") },
	"base":   func(_ string, it *Item) string { _, base := splitKey(it.Key); return base },
	"stem": func(_ string, it *Item) string {
		_, base := splitKey(it.Key)
		return base[:len(base)-len(dotExt(base))]
	},
	"ext": func(_ string, it *Item) string {
		_, base := splitKey(it.Key)
		return strings.TrimPrefix(dotExt(base), ".")
	},
}

// splitKey cuts a key after its last slash.
func splitKey(key string) (dir, base string) {
	i := strings.LastIndexByte(key, '/') + 1
	return key[:i], key[i:]
}

// dotExt returns the ending of a base name from its last dot; none if there is nothing before that.
func dotExt(base string) string {
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		return base[i:]
	}
	return ""
}

// ParseTemplate reads a template: text of A-Z a-z 0-9 . _ - and the placeholders {batch} {bucket} {key} {dir} {base}
// {stem} {ext} {hash} and {column:NAME}, a further column of the manifest. {hash} is the item's, without which two items
// could have one name, and a lookup could not tell their jobs apart; where it is missing "-{hash}" is added at the end.
func ParseTemplate(text string) (Template, error) {
	var t Template
	if text == "" {
		return t, errors.New("the template is empty")
	}
	hashed := false
	for text != "" {
		if text[0] != '{' {
			n := strings.IndexByte(text, '{')
			if n < 0 {
				n = len(text)
			}
			if bad := strings.IndexFunc(text[:n], func(r rune) bool { return !plainRune(r) }); bad >= 0 {
				return t, fmt.Errorf("%q is not allowed in a name: use letters, digits, dot, underscore, hyphen, and placeholders such as {stem}", []rune(text[bad:])[0])
			}
			t.parts = append(t.parts, part{literal: text[:n]})
			text = text[n:]
			continue
		}
		inside, rest, closed := strings.Cut(text[1:], "}")
		if !closed {
			return t, fmt.Errorf("%q has no closing brace", text)
		}
		name, column, hasColumn := strings.Cut(inside, ":")
		switch known := placeholders[name] != nil || name == placeHash; {
		case known && !hasColumn, name == placeColumn && column != "":
		default:
			return t, fmt.Errorf("there is no placeholder {%s}: use {batch} {bucket} {key} {dir} {base} {stem} {ext} {hash} or {column:NAME}", inside)
		}
		t.parts = append(t.parts, part{placeholder: name, column: column})
		hashed = hashed || name == placeHash
		text = rest
	}
	if !hashed {
		t.parts = append(t.parts, part{literal: "-"}, part{placeholder: placeHash})
	}
	if fixed := t.fixed(); fixed > maxFixed {
		return t, fmt.Errorf("its text and its hash have %d characters, at most %d are taken: AiR allows %d in a name, and a version has %d more",
			fixed, maxFixed, maxName, maxName-maxFixed)
	}
	return t, nil
}

// fixed counts the characters that are in every name.
func (t Template) fixed() int {
	n := 0
	for _, p := range t.parts {
		n += len(p.literal)
		if p.placeholder == placeHash {
			n += nameHex
		}
	}
	return n
}

// Columns returns the names of the manifest columns that the template uses.
func (t Template) Columns() []string {
	var all []string
	for _, p := range t.parts {
		if p.placeholder == placeColumn {
			all = append(all, p.column)
		}
	}
	return all
}

// name returns the name of an item's job in at most most characters (at least maxFixed): the longest values are
// cut, never the text or the hash.
func (t Template) name(batch string, it *Item, most int) string {
	values := make([]string, len(t.parts))
	excess := t.fixed() - most
	for i, p := range t.parts {
		switch p.placeholder {
		case "", placeHash:
			continue
		case placeColumn:
			for _, f := range it.Extra {
				if f.Name == p.column {
					values[i] = plainText(f.Value, maxName)
				}
			}
		default:
			values[i] = plainText(placeholders[p.placeholder](batch, it), maxName)
		}
		excess += len(values[i])
	}
	for ; excess > 0; excess-- {
		longest := 0
		for i := range values {
			if len(values[i]) > len(values[longest]) {
				longest = i
			}
		}
		values[longest] = values[longest][:len(values[longest])-1]
	}
	var name strings.Builder
	for i, p := range t.parts {
		switch p.placeholder {
		case "":
			name.WriteString(p.literal)
		case placeHash:
			name.Write(appendHash(nil, batch, it))
		default:
			name.WriteString(values[i])
		}
	}
	return name.String()
}
