package jsonl

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/entry"
)

// scope is the object in which a member stands.
type scope byte

const (
	top scope = iota
	inSource
	inDestination
)

// member is what a name means in a scope.
type member struct {
	text string  // the name with its quotes
	next *member // the member that followed it last time: lines repeat their names
	col  entry.Column
	into scope  // of the members Source and Destination themselves
	own  string // of a further column: its name in the manifest, if the report gives another
}

// What is remembered of a manifest is bounded: so many names in each scope, and
// no name or value that is longer. Names that are written with escapes are not
// remembered.
const (
	knownMembers  = 1000
	longestMember = 1 << 10
)

// name is the name without its quotes.
func (m *member) name() string {
	if m.own != "" {
		return m.own
	}
	return m.text[1 : len(m.text)-1]
}

// member returns what the name means; raw is its JSON, before is the member
// before it in the same object.
func (d *decoder) member(s scope, raw jsontext.Value, before *member) (m *member, name string, err error) {
	if m := before.next; m != nil && m.text == string(raw) {
		return m, m.name(), nil
	}
	end := int(d.json.InputOffset())
	text := d.text[end-len(raw) : end]
	if m, ok := d.members[s][text]; ok {
		before.next = m
		return m, m.name(), nil
	}
	if name, err = unquote(text); err != nil {
		return nil, "", err
	}
	m = d.newMember(s, name)
	if m.own != "" {
		name = m.own
	}
	if len(d.members[s]) < knownMembers && len(text) <= longestMember && strings.IndexByte(text, '\\') < 0 {
		m.text = strings.Clone(text)
		d.members[s][m.text] = m
		name = m.name()
	}
	return m, name, nil
}

// sourceColumns are the columns that may be members of Source.
var sourceColumns = []entry.Column{entry.ColBucket, entry.ColKey, entry.ColRegion, entry.ColEndpoint}

// destinationColumn returns what a member of Destination is.
func destinationColumn(col entry.Column) entry.Column {
	switch col {
	case entry.ColBucket:
		return entry.ColDestinationBucket
	case entry.ColRegion:
		return entry.ColDestinationRegion
	}
	return entry.ColExtra
}

// newMember finds out what a name means.
func (d *decoder) newMember(s scope, name string) *member {
	m := &member{col: entry.ColumnOf(name)}
	switch s {
	case inSource:
		if !slices.Contains(sourceColumns, m.col) {
			m.col = entry.ColExtra
		}
	case inDestination:
		m.col = destinationColumn(m.col)
	case top:
		m.col = d.columns.Column(name)
		d.mc = d.mc || !d.report && (name == "status" || name == "IsDir")
		switch {
		case strings.EqualFold(name, "source"):
			m.into = inSource
		case strings.EqualFold(name, "destination"):
			m.into = inDestination
		case d.report && m.col == entry.ColExtra:
			m.col = entry.ReportColumn(name)
			if own := entry.OwnName(name); m.col == entry.ColExtra && own != name {
				m.own = strings.Clone(own)
			}
		}
	}
	return m
}
