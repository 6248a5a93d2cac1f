package config

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagError returns the error for flags that cannot be parsed, with the flag that an unknown one is most like.
func FlagError(cmd *cobra.Command, err error) error {
	meant := ""
	if unknown, is := errors.AsType[*pflag.NotExistError](err); is {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near, ok := Nearest(unknown.GetSpecifiedName(), known); ok && len(unknown.GetSpecifiedName()) > 2 {
			meant = "; is --" + near + " meant?"
		}
	}
	return Usagef("%v%s: `%s --help` lists the flags", err, meant, cmd.CommandPath())
}

// Suggest returns a suggestion for a misspelled name, to append to a message; "" if no known name is similar.
func Suggest(name string, known []string) string {
	if near, ok := Nearest(name, known); ok {
		return "; is " + near + " meant?"
	}
	return ""
}

// Nearest returns the known name that is the fewest edits away from a misspelled one: a character inserted, left out or
// replaced, or two swapped. It is false if all are too many edits away.
func Nearest(name string, known []string) (string, bool) {
	best, found := 1+max(2, len(name)/4), ""
	for _, k := range known {
		if d := distance(name, k); d < best && d < len(k) {
			best, found = d, k
		}
	}
	return found, found != ""
}

// distance counts the edits from a to b, in bytes (optimal string alignment). Libraries that count a swap as one edit have
// a dozen other measures, too.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 32 || d < -32 {
		return 32
	}
	var two []int // the row before the previous one
	one := make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(one[j]+cost, one[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], two[j-1]+1)
			}
		}
		two, one = one, row
	}
	return one[len(b)]
}
