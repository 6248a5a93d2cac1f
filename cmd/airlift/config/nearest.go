package config

// Meant names the setting that a misspelt one is most probably meant to be, to stand behind a message; "" if none is near.
func Meant(name string, known []string) string {
	if near, ok := nearest(name, known); ok {
		return "; is " + near + " meant?"
	}
	return ""
}

// nearest returns the known name that a misspelt one is most probably meant to be: of those that are few edits away
// (a character inserted, left out or replaced, or two swapped), the one with the fewest. It is false if none is near.
func nearest(name string, known []string) (string, bool) {
	best, found := 1+max(2, len(name)/4), ""
	for _, k := range known {
		if d := distance(name, k); d < best && d < len(k) {
			best, found = d, k
		}
	}
	return found, found != ""
}

// distance counts the edits that lead from a to b, in bytes (optimal string alignment). The libraries that count a swap as
// one edit bring a dozen other measures with them.
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
