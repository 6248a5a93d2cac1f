package queue

import "fmt"

// maxProblems bounds [CheckReport.Problems]; what is found beyond is only counted.
const maxProblems = 100

// CheckReport is what a check of the whole queue found.
type CheckReport struct {
	// Batches and Items count what was read.
	Batches int   `json:"batches"`
	Items   int64 `json:"items"`
	// Problems says in words what is wrong, one each, at most maxProblems; Found counts all.
	Problems []string `json:"problems"`
	Found    int64    `json:"found"`
}

// Problem adds a problem.
func (r *CheckReport) Problem(format string, args ...any) {
	r.Found++
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// OK reports whether nothing is wrong.
func (r CheckReport) OK() bool { return r.Found == 0 }
