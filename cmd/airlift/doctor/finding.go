package doctor

import "fmt"

// Result is what a check found.
type Result string

// The results, from good to bad.
const (
	OK         Result = "ok"
	CannotTell Result = "cannot_tell"
	NotOK      Result = "not_ok"
)

// Finding is what a check found, and what to do about it.
type Finding struct {
	Check  string `json:"check"`
	Result Result `json:"result"`
	Text   string `json:"text"`
	Do     string `json:"do,omitempty"`
}

func ok(format string, args ...any) Finding {
	return Finding{Result: OK, Text: fmt.Sprintf(format, args...)}
}

func notOK(do, format string, args ...any) Finding {
	return Finding{Result: NotOK, Text: fmt.Sprintf(format, args...), Do: do}
}

func cannotTell(do, format string, args ...any) Finding {
	return Finding{Result: CannotTell, Text: fmt.Sprintf(format, args...), Do: do}
}

// Count returns how many findings have a result.
func Count(all []Finding, result Result) (n int) {
	for _, f := range all {
		if f.Result == result {
			n++
		}
	}
	return n
}
