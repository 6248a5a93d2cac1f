package intake

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/filter"
	"airlift/queue"
	"airlift/queue/memory"
)

// failing is a queue of which one call fails.
type failing struct {
	queue.Store
	add, find error
	// create, if not nil, is called before a batch is made.
	create func()
}

func (f *failing) CreateBatch(ctx context.Context, b queue.Batch) error {
	if f.create != nil {
		f.create()
	}
	return f.Store.CreateBatch(ctx, b)
}

// Close leaves a queue of which create has made a batch to the next that opens it.
func (f *failing) Close() error {
	if f.create != nil {
		f.create = nil
		return nil
	}
	return f.Store.Close()
}

func (f *failing) Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error) {
	if f.add != nil {
		return queue.Added{}, f.add
	}
	return f.Store.Add(ctx, id, c)
}

func (f *failing) Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error) {
	if f.find != nil {
		return queue.Entry{}, false, f.find
	}
	return f.Store.Find(ctx, id, o)
}

// prepared returns an intake of the sources on a new queue.
func prepared(t *testing.T, db *failing, stdin io.Reader, args ...string) *Intake {
	t.Helper()
	i, err := prepareOn(t, db, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// prepareOn prepares an intake of the sources on a new queue.
func prepareOn(t *testing.T, db *failing, stdin io.Reader, args ...string) (*Intake, error) {
	t.Helper()
	db.Store = memory.New()
	sources, err := ParseSources(args)
	if err != nil {
		t.Fatal(err)
	}
	sources.Options = manifest.Options{Stdin: stdin, Format: manifest.FormatCSV}
	if sources.Filter, err = filter.New(filter.Config{}); err != nil {
		t.Fatal(err)
	}
	return Prepare(t.Context(), Options{Batch: "b", Sources: sources, NeedFields: true, Log: zerolog.Nop(),
		Open: func(bool) (queue.Store, error) { return db, nil }})
}

// Two processes that enqueue the same batch at the same time find none, and only one can make it.
func TestAnotherMakesTheBatchMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, []byte(head+"b,x.mov,ocr,d,r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := &failing{}
	another := func() {
		if err := db.Store.CreateBatch(t.Context(), queue.Batch{ID: "b"}); err != nil {
			t.Error(err)
		}
	}
	db.create = another
	// What was read of standard input cannot be read again.
	if _, err := prepareOn(t, db, strings.NewReader(head+"b,x.mov,ocr,d,r\n"), "-"); !errors.Is(err, queue.ErrBatchExists) {
		t.Errorf("with standard input: got %v, want %v", err, queue.ErrBatchExists)
	}
	db.create = another
	i := prepared(t, db, nil, path)
	defer i.Close()
	if err := into(t, i); err != nil {
		t.Fatal(err)
	}
	if b, err := db.Batch(t.Context(), "b"); err != nil || b.Counts.Items != 1 {
		t.Errorf("got %d items, %v: want one", b.Counts.Items, err)
	}
}

// into reads into the queue. It fails the test if that does not end.
func into(t *testing.T, i *Intake) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- i.Reading.Into(t.Context(), i.Store, i.Batch) }()
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("the reading waits for its source")
		return nil
	}
}

const head = "bucket,key,services,destination_bucket,destination_region\n"

// A reading whose chunk cannot be stored ends at once, however quiet its source is, and leaves nothing behind: no goroutine
// and no open source.
func TestAFailedCommitEndsTheReading(t *testing.T) {
	disk := errors.New("input/output error")
	for _, c := range []struct {
		name string
		args func(t *testing.T, r *os.File) []string
	}{
		{"standard input", func(*testing.T, *os.File) []string { return []string{"-"} }},
		{"a file after it", func(t *testing.T, _ *os.File) []string {
			path := filepath.Join(t.TempDir(), "more.csv")
			if err := os.WriteFile(path, []byte(head+"a,4,ocr,r,us-east-1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			return []string{"-", path}
		}},
		{"a named pipe", namedPipe},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { r.Close(); w.Close() }()
			if _, err := io.WriteString(w, head+strings.Repeat("a,1,ocr,r,us-east-1\n", 1000)); err != nil {
				t.Fatal(err)
			}
			db := &failing{add: disk}
			i := prepared(t, db, r, c.args(t, r)...)
			defer i.Close()
			if err := into(t, i); !errors.Is(err, disk) {
				t.Errorf("got %v, want %v", err, disk)
			}
			if i.Reading.current != nil {
				t.Error("the source is open")
			}
			db.add = nil
			if b, err := db.Batch(t.Context(), "b"); err != nil || b.Reading.Complete || b.Reading.Ended.IsZero() {
				t.Errorf("got %+v, %v, want a reading that ended incomplete", b.Reading, err)
			}
		})
	}
}

// A reading that is never begun closes its source too.
func TestCloseBeforeTheReading(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { r.Close(); w.Close() }()
	if _, err := io.WriteString(w, head+strings.Repeat("a,1,ocr,r,us-east-1\n", 1000)); err != nil {
		t.Fatal(err)
	}
	i := prepared(t, &failing{}, r, "-")
	i.Close()
	if i.Reading.current != nil {
		t.Error("the source is open")
	}
}

// Whether the batch has an object that its row gives no services is asked of the queue, whose error is no answer.
func TestAQueuesErrorEndsTheReading(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	disk := errors.New("checksum mismatch")
	db := &failing{}
	i := prepared(t, db, strings.NewReader(head+"a,1,ocr,r,us-east-1\na,2,ocr,r,us-east-1\na,3,,,\n"), "-")
	defer i.Close()
	db.find = disk
	if err := into(t, i); !errors.Is(err, disk) || errors.Is(err, entry.ErrUsage) {
		t.Errorf("got %v, want %v", err, disk)
	}
	if end := i.Reading.End(); end.Broken != nil {
		t.Errorf("the source is told to be broken: %v", end.Broken)
	}
}
