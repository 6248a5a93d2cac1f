package manifest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
	"airlift/manifest/s3test"
)

// TestScanGoesOn ends a scan again and again, as a kill does, at pages of
// chance, and goes on from the cursor of the last one: together the scans give
// each object once.
func TestScanGoesOn(t *testing.T) {
	for _, size := range []int{1, 4, 40} {
		for _, workers := range []int{1, 3, 16} {
			t.Run(fmt.Sprintf("pages of %d, %d workers", size, workers), func(t *testing.T) {
				t.Parallel()
				server := s3test.New(t)
				server.SetPageSize(size)
				keys := oddBucket(server, 150, false)
				chance := rand.New(rand.NewPCG(uint64(size), uint64(workers)))
				for _, prefix := range []string{"", "v/", "a/"} {
					var all []entry.Entry
					var cursor []byte
					for ends := 0; ; ends++ {
						pages := chance.IntN(400/size) + 1
						got, at, err := readPages(t, server, prefix, s3scan.Config{Workers: workers, Cursor: cursor}, pages)
						all, cursor = append(all, got...), at
						if err == io.EOF { //nolint:errorlint // exactly io.EOF
							break
						}
						if err != nil {
							t.Fatalf("after %d ends: %v", ends, err)
						}
						var r struct {
							Stretches []any
							Objects   int64
						}
						if err := json.Unmarshal(cursor, &r); err != nil {
							t.Fatal(err)
						}
						if n := len(r.Stretches); n > 3*workers+1 || r.Objects != int64(len(all)) {
							t.Fatalf("the cursor has %d stretches and %d objects, want at most three a worker and %d", n, r.Objects, len(all))
						}
					}
					sameKeys(t, fmt.Sprintf("prefix %q", prefix), all, keys, prefix)
				}
			})
		}
	}
}

// readPages reads whole pages and returns where the scan stands behind them.
func readPages(t *testing.T, server *s3test.Server, prefix string, c s3scan.Config, pages int) (all []entry.Entry, cursor []byte, err error) {
	t.Helper()
	r, err := Open(context.Background(), "s3://media/"+prefix, Options{S3: newClient(t, server.URL), Scan: c})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for pages > 0 {
		var e entry.Entry
		if err := r.Read(&e); err != nil {
			return all, cursor, err
		}
		all = append(all, e)
		if at := r.(Resumer).Cursor(); at != nil {
			cursor = at
			pages--
		}
	}
	return all, cursor, nil
}

// TestScanTestsItsServer goes on at a server that has lost the object at which
// the scan stood, and at one that cannot begin behind a key.
func TestScanTestsItsServer(t *testing.T) {
	server := s3test.New(t)
	server.SetPageSize(10)
	for i := range 100 {
		server.PutSized("media", fmt.Sprintf("%03d", i), 1)
	}
	first, cursor, err := readPages(t, server, "", s3scan.Config{Workers: 1}, 3)
	if err != nil || len(first) != 30 {
		t.Fatal(len(first), err)
	}
	for name, fault := range map[string]s3test.Fault{"ignores start-after": s3test.IgnoresStartAfter} {
		server.SetFault(fault, 0)
		if _, _, err := readPages(t, server, "", s3scan.Config{Workers: 1, Cursor: cursor}, 99); !errors.Is(err, s3scan.ErrCursor) {
			t.Errorf("%s: got %v, want ErrCursor", name, err)
		}
	}
	server.SetFault(s3test.NoFault, 0)
	server.Delete("media", "029")
	rest, _, err := readPages(t, server, "", s3scan.Config{Workers: 1, Cursor: cursor}, 99)
	if err != io.EOF || len(rest) != 70 || rest[0].Key != "030" || rest[0].Line != 31 { //nolint:errorlint // exactly io.EOF
		t.Errorf("got %d objects and %v, want the 70 others", len(rest), err)
	}
	for _, garbage := range []string{"x", `{"Version":1}`, `{"Version":2,"Stretches":[{}]}`} {
		if _, _, err := readPages(t, server, "", s3scan.Config{Cursor: []byte(garbage)}, 1); !errors.Is(err, s3scan.ErrCursor) {
			t.Errorf("cursor %q: got %v, want ErrCursor", garbage, err)
		}
	}
}
