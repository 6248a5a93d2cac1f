package csv

import "strings"

// quotes are the pairs in which people and tools put a text.
var quotes = [][2]string{
	{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"\u201c", "\u201d"}, {"\u2018", "\u2019"}, {"\u00ab", "\u00bb"}, {"\u00bb", "\u00ab"},
	{"\u201e", "\u201c"}, {"\u201e", "\u201d"}, {"\u201a", "\u2018"}, {"\u201d", "\u201d"}, {"\u2019", "\u2019"},
}

// QuoteOf returns the quote that opens a text which stands in quotes, "" if it does not.
func QuoteOf(s string) string {
	for _, pair := range quotes {
		if len(s) > len(pair[0]) && strings.HasPrefix(s, pair[0]) && strings.HasSuffix(s[len(pair[0]):], pair[1]) {
			return pair[0]
		}
	}
	return ""
}

// allQuoted returns the quote in which each of the lines stands, "" if there is one that does not.
func allQuoted(lines []string) string {
	quote := ""
	for _, line := range lines {
		if quote = QuoteOf(line); quote == "" {
			return ""
		}
	}
	return quote
}

// quotedRemedy says how lines are read that stand in quotes. Only " quotes a cell of a CSV.
func quotedRemedy(quote string) string {
	if quote == `"` {
		return "add --format csv if the quotes are not part of the keys"
	}
	return `take them out if they are not part of the keys, for example: sed 's/^.//; s/.$//' FILE > keys.txt`
}
