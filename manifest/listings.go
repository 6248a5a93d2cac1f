package manifest

import "fmt"

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
// below it, else by the names.
func keyColumn(cells []string, below [][]string) int {
	for i := range cells {
		all := len(below) > 0
		for _, row := range below {
			all = all && i < len(row) && couldBeKey(row[i])
		}
		if all && columnOf(cells[i]) == colExtra {
			return i
		}
	}
	for _, wanted := range []func(string) bool{
		func(s string) bool { return exportWords[foldName(s)] },
		func(s string) bool { return columnOf(s) == colExtra },
	} {
		for i, s := range cells {
			if wanted(s) {
				return i
			}
		}
	}
	return 0
}
