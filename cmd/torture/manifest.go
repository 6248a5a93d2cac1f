package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
)

const bucket = "archive"

// key returns the key of the n-th object; some of them need care.
func key(n int) string {
	switch n % 10 {
	case 3:
		return fmt.Sprintf("reels/the long take, part %d.mov", n)
	case 5:
		return fmt.Sprintf("interviews/\"%d\" + öäü & 日本/ %%2F.mxf", n)
	case 7:
		return fmt.Sprintf("two\nlines/%d.mov", n)
	}
	return fmt.Sprintf("reels/clip-%05d.mov", n)
}

// otherCSV returns the CSV of the other batch of a plan.
func otherCSV(p plan) string {
	var b strings.Builder
	b.WriteString("bucket,key\n")
	for n := range p.Other {
		b.WriteString(bucket + "," + otherKey(n) + "\n")
	}
	return b.String()
}

// otherKey returns the key of the n-th object of the other batch.
func otherKey(n int) string { return fmt.Sprintf("night/%05d.mov", n) }

// writeManifest writes the CSV of a plan. Repeated rows follow the objects, and the others are strewn in.
func writeManifest(path string, p plan) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	row := func(key string, n int) { _ = w.Write([]string{bucket, key, fmt.Sprintf("asset-%d", n)}) } // to memory
	_ = w.Write([]string{"bucket", "key", "asset"})
	for n := range p.Objects {
		if n < p.Rejected {
			row("", n)
		}
		if n < p.Skipped {
			row(fmt.Sprintf("reels/clip-%05d.skip", n), n)
		}
		row(key(n), n)
	}
	for n := range p.Repeated {
		row(key(n), n)
	}
	w.Flush()
	return os.WriteFile(path, []byte(b.String()), 0o600)
}
