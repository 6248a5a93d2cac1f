package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// Odd keys arrive byte for byte from every format that can carry them, and a report of them is a manifest of the same.
func TestOddKeysArriveByteForByte(t *testing.T) {
	t.Parallel()
	quoted, lines, text := &strings.Builder{}, &strings.Builder{}, &strings.Builder{}
	quoted.WriteString("bucket,key\n")
	var oneLine []string
	kept := &strings.Builder{} // those that a list gives without being told that each whole line is a key
	var keptKeys []string
	for _, key := range oddKeys {
		fmt.Fprintf(quoted, "archive,\"%s\"\n", strings.ReplaceAll(key, `"`, `""`))
		j, err := json.Marshal(map[string]string{"bucket": "archive", "key": key})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(j, '\n'))
		if !strings.ContainsAny(key, "\n") {
			text.WriteString(key + "\n")
			oneLine = append(oneLine, key)
			if !strings.ContainsRune(key, '\r') && !strings.HasPrefix(key, "\ufeff") {
				kept.WriteString(key + "\n")
				keptKeys = append(keptKeys, key)
			}
		}
	}
	for _, c := range []struct {
		file, content string
		keys          []string
		args          []string
	}{
		{"m.csv", quoted.String(), oddKeys, nil}, {"m.jsonl", lines.String(), oddKeys, nil}, {"m.txt", kept.String(), keptKeys, nil},
		{"whole.txt", text.String(), oneLine, []string{"--columns", "key=1"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.run(append([]string{"run", r.file(c.file, c.content), "--source-bucket", "archive", "--report", "report.csv"}, c.args...)...).want(t, exit.OK)
			r.submittedKeys(c.keys...)
			r.settled(len(c.keys))
			for _, j := range r.air.Jobs() {
				if len(j.Name) > 256 || strings.Trim(j.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
					t.Errorf("the made name of %q is %q", j.Source.ObjectKey, j.Name)
				}
			}
			r.run("run", "report.csv", "--dry-run").want(t, exit.OK).says(t, fmt.Sprintf("%d skipped: already sent", len(c.keys)))
		})
	}
}

// The longest key that S3 allows goes through; one byte more is rejected.
func TestLongestKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	longest := strings.Repeat("k", 1020) + ".mov"
	r.run("run", r.file("m.txt", longest+"\nx"+longest+"\n"), "--source-bucket", "archive").want(t, exit.Incomplete).says(t, "line 2", "1025 bytes long")
	r.submittedKeys(longest)
}

// A key may be written as a URL; the bucket is part of an item's identity, and so is every byte of the key.
func TestKeysThatAreAlikeAreDifferentItems(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("m.csv", "bucket,key\narchive,a.mov\n,s3://other/a.mov\narchive,A.mov\narchive,/a.mov\narchive,\"a.mov \"\narchive,s3://archive/a.mov\n")).want(t, exit.OK)
	if n := len(r.air.ByObject()); n != 5 {
		t.Errorf("objects at AiR: got %d, want 5", n)
	}
	r.status().books(t, 5, 0, 1, 0, 0)
	r.settled(5)
}

// A manifest of many rows: all are added, and known when it is read again.
func TestManyRows(t *testing.T) {
	t.Parallel()
	const rows = 100_000
	var b strings.Builder
	for i := range rows {
		fmt.Fprintf(&b, "archive/%03d/reel %06d.mov\n", i%997, i)
	}
	r := newRig(t, airtest.Config{})
	m := r.file("m.txt", b.String())
	r.run("enqueue", m, "--source-bucket", "archive").want(t, exit.OK)
	r.status().books(t, rows, 0, 0, 0, 0)
	r.run("enqueue", m, "--source-bucket", "archive").want(t, exit.OK)
	s := r.status()
	s.books(t, 0, rows, 0, 0, 0)
	if s.Items != rows || s.Pending != rows {
		t.Errorf("items: got %d, of them %d pending, want %d", s.Items, s.Pending, rows)
	}
	r.unsent()
}
