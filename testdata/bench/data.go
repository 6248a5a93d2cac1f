package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"

	"airlift/queue"
)

// The batch and the bucket of all rows.
const (
	batchID = "archive"
	bucket  = "media-archive"
	// chunkRows is how many rows airlift adds at once.
	chunkRows = 16 << 10
)

// realKeys are the keys of the file that AIRLIFT_KEYS names, one a line, or none.
var realKeys = sync.OnceValue(func() []string {
	path := os.Getenv("AIRLIFT_KEYS")
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "AIRLIFT_KEYS:", err)
		os.Exit(1)
	}
	defer f.Close()
	var keys []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		keys = append(keys, lines.Text())
	}
	return keys
})

// keyOf is the key of file i of the archive. Made keys are in the order of i.
func keyOf(i int) string {
	if keys := realKeys(); len(keys) > 0 {
		if i < len(keys) {
			return keys[i]
		}
		return keys[i%len(keys)] + "." + strconv.Itoa(i/len(keys))
	}
	return fmt.Sprintf("reels/%04d/tape-%04d/scene-%03d/take-%07d.mov", 1950+i/150_000, i%150_000/500, i%500/25, i)
}

// row is the row of file i in line n, with the two columns that a catalogue's export usually has: a size (never 0: an empty
// object would be skipped) and a checksum.
func row(i, n int) queue.Item {
	return queue.Item{Line: int64(n + 2), Bucket: bucket, Key: keyOf(i), Extra: []queue.Field{
		{Name: "size", Value: strconv.Itoa(1_000_003*(i%977) + i + 1)},
		{Name: "crc", Value: fmt.Sprintf("%08x", uint32(i)*2654435761)},
	}}
}

const header = "bucket,key,size,crc\n"

// appendRow appends the row as it stands in a manifest.
func appendRow(b []byte, it *queue.Item) []byte {
	b = append(append(append(append(b, it.Bucket...), ','), it.Key...), ',')
	return append(append(append(append(b, it.Extra[0].Value...), ','), it.Extra[1].Value...), '\n')
}

// order is the order of n rows in the manifest: nil for that of the keys, else shuffled, always in the same way.
func order(n int, shuffled bool) []int {
	if !shuffled {
		return nil
	}
	return rand.New(rand.NewPCG(1, 2)).Perm(n)
}

// chunks makes n rows, a chunk of up to size at a time, and hands each chunk on. It is valid until the next.
func chunks(n, size int, order []int, use func(rows []queue.Item) error) error {
	rows := make([]queue.Item, 0, size)
	for from := 0; from < n; from += size {
		rows = rows[:0]
		for at := from; at < min(from+size, n); at++ {
			i := at
			if order != nil {
				i = order[at]
			}
			rows = append(rows, row(i, at))
		}
		if err := use(rows); err != nil {
			return err
		}
	}
	return nil
}

// writeManifest writes a CSV manifest of n rows.
func writeManifest(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	w.WriteString(header)
	var line []byte
	for i := range n {
		it := row(i, i)
		line = appendRow(line[:0], &it)
		w.Write(line)
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
