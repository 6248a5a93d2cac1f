package air

import (
	"fmt"
	"strings"
)

// maxEcho bounds, in bytes, each text of an Echo. Everything we send is shorter, so a
// cut text never equals it.
const maxEcho = 4 << 10

// Echo is what a 2xx answer to POST /jobs says of the job that it answers for. A field
// that is absent, empty or not a string is "".
type Echo struct{ Name, Batch, Bucket, Key string }

// Fits reports whether the answer can be the answer to this job: each field is absent
// or as it was sent.
func (e Echo) Fits(j NewJob) bool {
	fits := func(got, sent string) bool { return got == "" || got == sent }
	return fits(e.Name, j.Name) && fits(e.Batch, j.Batch) && fits(e.Bucket, j.Source.Bucket) && fits(e.Key, j.Source.ObjectKey)
}

// String shows the fields that are not absent.
func (e Echo) String() string {
	var parts []string
	for _, f := range [][2]string{{"Name", e.Name}, {"Batch", e.Batch}, {"Source.Bucket", e.Bucket}, {"Source.ObjectKey", e.Key}} {
		if f[1] != "" {
			parts = append(parts, fmt.Sprintf("%s %q", f[0], f[1]))
		}
	}
	return strings.Join(parts, ", ")
}

// echo returns the echo in an answer without the keys, bounded. It is not made printable: it is compared.
func (r *redactor) echo(a *submitted) Echo {
	clean := func(s textJSON) string {
		text := r.replace(string(s))
		return strings.ToValidUTF8(text[:min(len(text), maxEcho)], "")
	}
	return Echo{clean(a.echo.name), clean(a.echo.batch), clean(a.echo.bucket), clean(a.echo.key)}
}
