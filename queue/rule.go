package queue

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/unicode/norm"
)

const (
	// maxRules bounds the rules of a batch, and maxRuleText the bytes of all their patterns (as written), types and fields: they are
	// stored with the books, which are written at each commit.
	maxRules    = 100
	maxRuleText = 32 << 10
)

// Rule gives job fields to the items whose key it matches.
type Rule struct {
	// Match are patterns as the user wrote them. One must match the key; without any, every key matches.
	Match []string `json:"match,omitempty"`
	// Regexps are the compiled form of Match: one must match the key or its NFC form. Rules stored by an earlier airlift
	// have none; then Match are doublestar globs, compared with the key's last part, or with the whole key if they have
	// a slash. Such rules keep that meaning until they are given again; the change is then announced.
	Regexps []*regexp.Regexp `json:"regexps,omitempty"`
	// Types are file extensions, in lower case and with their dot. The key must have one of them, in any case; without
	// any, every key matches.
	Types []string `json:"types,omitempty"`
	// Fields are what the rule gives.
	Fields JobFields `json:"fields"`
}

// Matches reports whether the rule is for an object of that key.
func (r *Rule) Matches(key string) bool {
	if len(r.Types) > 0 && !slices.Contains(r.Types, strings.ToLower(path.Ext(key))) {
		return false
	}
	if len(r.Match) == 0 {
		return true
	}
	if len(r.Regexps) == 0 {
		return r.matchesGlob(key)
	}
	if matchesOne(r.Regexps, key) {
		return true
	}
	return !norm.NFC.IsNormalString(key) && matchesOne(r.Regexps, norm.NFC.String(key))
}

func matchesOne(regexps []*regexp.Regexp, key string) bool {
	return slices.ContainsFunc(regexps, func(re *regexp.Regexp) bool { return re.MatchString(key) })
}

// matchesGlob matches rules stored by an earlier airlift, which have no Regexps.
func (r *Rule) matchesGlob(key string) bool {
	base := key[strings.LastIndexByte(key, '/')+1:]
	for _, glob := range r.Match {
		name := key
		if !strings.Contains(glob, "/") {
			name = base
		}
		if doublestar.MatchUnvalidated(strings.TrimPrefix(glob, "/"), name) {
			return true
		}
	}
	return false
}

// Equal reports whether both match the same in the same way and give the same.
func (r Rule) Equal(o Rule) bool {
	same := func(a, b *regexp.Regexp) bool { return a.String() == b.String() }
	return slices.Equal(r.Match, o.Match) && slices.EqualFunc(r.Regexps, o.Regexps, same) && slices.Equal(r.Types, o.Types) && r.Fields.Equal(o.Fields)
}

// Validate reports a rule that can never match, matches everything, or gives nothing.
func (r Rule) Validate() error {
	if len(r.Match) == 0 && len(r.Types) == 0 {
		return errors.New("it has neither types nor match, so it would hold for everything: give one of them")
	}
	for _, glob := range r.Match {
		if glob == "" || len(r.Regexps) == 0 && !doublestar.ValidatePattern(glob) {
			return fmt.Errorf("match %q is no valid pattern; write for example '*.mov' or 'videos/**', and a bracket, brace or backslash of a name with a backslash before it", glob)
		}
	}
	for _, ext := range r.Types {
		if !strings.HasPrefix(ext, ".") || ext != strings.ToLower(ext) {
			return fmt.Errorf("type %q is no file extension", ext)
		}
	}
	if r.Fields.Equal(JobFields{}) {
		return errors.New("it gives nothing: give it services, priority, destination_bucket or destination_region")
	}
	if p := r.Fields.Priority; p < 0 || p > 10 {
		return fmt.Errorf("priority %d: AiR takes 1 to 10", p)
	}
	return nil
}

// ValidateRules checks the rules of a batch, and names the first bad one by its number, from 1.
func ValidateRules(rules []Rule) error {
	if len(rules) > maxRules {
		return fmt.Errorf("there are %d rules, at most %d are taken", len(rules), maxRules)
	}
	text := 0
	for i, r := range rules {
		if err := r.Validate(); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
		for _, list := range [][]string{r.Match, r.Types, {string(r.Fields.Services), r.Fields.DestinationBucket, r.Fields.DestinationRegion}} {
			for _, s := range list {
				text += len(s)
			}
		}
	}
	if text > maxRuleText {
		return fmt.Errorf("the rules have %d bytes of patterns and fields, at most %d are taken", text, maxRuleText)
	}
	return nil
}
