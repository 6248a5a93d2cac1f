package manifest

import (
	"fmt"
	"strings"
)

// refuseText finds what is surely no list of keys, and says what to do instead.
func refuseText(lines []string, d dialect) (remedy string, err error) {
	const whole = "if each whole line is a key all the same, add --columns key=1"
	line := lines[0]
	if tool, remedy := listingTool(lines); tool != "" {
		return remedy + "; " + whole,
			fmt.Errorf("is the output of %s, whose lines are no keys (it begins with %s)", tool, excerpt(line))
	}
	for _, d := range append(delimiters[:len(delimiters):len(delimiters)], '|') {
		cells := splitLine(line, d)
		known := 0
		for _, c := range cells {
			if knownWord(c) {
				known++
			}
		}
		if known == 0 || !noneCouldBeKey(cells) || d == '|' && len(cells) < 2 {
			continue
		}
		if len(cells) == 1 {
			return "if the lines below it are keys, add --columns 'key=" + trim(line) + "'; " + whole,
				fmt.Errorf("the first line %s looks like a header, not like a key", excerpt(line))
		}
		return tableRemedy(cells, split(lines[1:], d), d) + "; " + whole,
			fmt.Errorf("the first line %s looks like the header of a table, not like a key", excerpt(line))
	}
	if quote := allQuoted(lines); quote != "" && len(splitLine(line, ',')) < 2 && len(splitLine(line, ';')) < 2 && len(splitLine(line, '\t')) < 2 {
		return quotedRemedy(quote) + "; " + whole,
			fmt.Errorf("the lines stand in quotes (it begins with %s)", excerpt(line))
	}
	if d := bareTable(lines, '\t', ';', '|', ','); d != 0 {
		return "if they are rows, " + rowsRemedy(lines, d) + "; " + whole,
			fmt.Errorf("the lines may be rows of a table with %s as its delimiter, or keys (it begins with %s)", delimiterName(d), excerpt(line))
	}
	if cells := []string{line}; d.bucket != "" && aboveKeys(cells, split(lines[1:], 0)) {
		return "if it is one, add --columns 'key=" + trim(line) + "'; " + whole,
			fmt.Errorf("the first line %s looks like a header: the lines below it have slashes or extensions, as keys have, and it has none", excerpt(line))
	}
	return "", nil
}

// split splits lines at a delimiter as far as they are rows; 0 leaves them whole.
func split(lines []string, d byte) [][]string {
	var rows [][]string
	for _, line := range lines {
		if line == "" {
			continue
		}
		cells := []string{line}
		if d != 0 {
			cells = splitLine(line, d)
		}
		if cells != nil {
			rows = append(rows, cells)
		}
	}
	return rows
}

// keyColumn guesses which of a header's columns holds the keys, from the rows
// below it and by the names.
func keyColumn(cells []string, below [][]string) int {
	best, most := 0, -1
	for i := range cells {
		if len(below) == 0 || columnOf(cells[i]) != colExtra || !columnIs(below, i, couldBeKey) || columnIs(below, i, isDescription) {
			continue
		}
		rank := pathRank(cells[i])
		if columnIs(below, i, func(s string) bool { return strings.ContainsAny(s, `/\`) }) {
			rank += pathRanks
		}
		if rank > most {
			best, most = i, rank
		}
	}
	if most >= 0 {
		return best
	}
	for i, s := range cells {
		rank := -1
		if columnOf(s) == colExtra {
			rank = 10 * pathRank(s)
			if exportWords[foldName(s)] {
				rank++
			}
		}
		if rank > most {
			best, most = i, rank
		}
	}
	return best
}

// pathRanks is the highest of the ranks by which pathRank orders names.
const pathRanks = 4

// pathRank orders names of columns and fields by how likely it is that they hold
// the whole keys: a file's name lacks its folders, and an address has more.
func pathRank(name string) int {
	f := foldName(name)
	switch {
	case strings.HasSuffix(f, "path"), strings.HasSuffix(f, "key"):
		return pathRanks
	case strings.HasSuffix(f, "url"), strings.HasSuffix(f, "uri"):
		return 3
	case strings.HasSuffix(f, "location"), f == "object", f == "objectname":
		return 2
	case f == "file", f == "filename", f == "name":
		return 1
	}
	return 0
}
