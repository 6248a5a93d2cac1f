package intake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"airlift/manifest/entry"
	"airlift/manifest/filter"
	"airlift/queue"
)

// ParseRules parses the [[rule]] tables of a config file, as TOML decodes them. The result is never nil: `rule = []` says that
// there are none.
func ParseRules(value any) ([]queue.Rule, error) {
	var tables []map[string]any
	switch v := value.(type) {
	case []map[string]any:
		tables = v
	case []any:
		for i, one := range v {
			table, ok := one.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("rule %d is no table: write [[rule]] and its settings below it", i+1)
			}
			tables = append(tables, table)
		}
	default:
		return nil, fmt.Errorf("rules are written as tables, each with [[rule]] above it")
	}
	rules := make([]queue.Rule, len(tables))
	for i, table := range tables {
		var err error
		if rules[i], err = parseRule(table); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	return rules, queue.ValidateRules(rules)
}

// parseRule reads one table.
func parseRule(table map[string]any) (queue.Rule, error) {
	var r queue.Rule
	for _, name := range slices.Sorted(maps.Keys(table)) {
		value := table[name]
		var err error
		switch strings.ReplaceAll(name, "-", "_") {
		case "types":
			var types []string
			if types, err = textsOf(value); err == nil {
				r.Types, err = entry.Extensions(types)
			}
		case "match":
			if r.Match, err = textsOf(value); err == nil {
				r.Regexps, err = filter.Expressions(r.Match)
			}
		case "services":
			r.Fields.Services, err = ruleServices(value)
		case "priority":
			n, ok := value.(int64)
			if !ok || n < 1 || n > 10 {
				err = fmt.Errorf("%v: AiR takes 1 to 10", value)
			}
			r.Fields.Priority = int(n)
		case "destination_bucket":
			r.Fields.DestinationBucket, err = textOf(value)
		case "destination_region":
			r.Fields.DestinationRegion, err = textOf(value)
		default:
			return r, fmt.Errorf("there is no setting %q: a rule has types, match, services, priority, destination_bucket and destination_region", name)
		}
		if err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
	}
	return r, nil
}

// ruleServices reads services as --services does, or as a table.
func ruleServices(value any) (json.RawMessage, error) {
	list, ok := value.(string)
	if table, isTable := value.(map[string]any); isTable {
		b, err := json.Marshal(table)
		if err != nil {
			return nil, err
		}
		list, ok = string(b), true
	}
	if !ok {
		return nil, fmt.Errorf("%v is neither a text such as \"ocr,s2t\" nor a table such as { ocr = \"\" }", value)
	}
	return entry.ParseServices(list)
}

func textOf(value any) (string, error) {
	s, ok := value.(string)
	if !ok || strings.TrimSpace(s) == "" {
		return "", fmt.Errorf("%#v is no text", value)
	}
	return s, nil
}

// textsOf returns a non-empty list of strings; a single string is a list of one.
func textsOf(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the list is empty")
	}
	out := make([]string, len(list))
	for i, one := range list {
		var err error
		if out[i], err = textOf(one); err != nil {
			return nil, err
		}
	}
	return out, nil
}
