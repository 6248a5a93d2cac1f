package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"airlift/manifest/entry"
)

// BenchmarkRead reads manifests from memory, in rows a second.
func BenchmarkRead(b *testing.B) {
	const rows = 100_000
	for _, c := range []struct {
		name   string
		format Format
		head   string
		row    func(w io.Writer, i int)
	}{
		{"csv", FormatCSV, "bucket,key,size,asset\n", func(w io.Writer, i int) {
			fmt.Fprintf(w, "archive-%d,reels/%04d/clip-%07d.mov,%d,asset-%d\n", i%7, i/1000, i, i*977, i%5000)
		}},
		{"jsonl", FormatJSONL, "", func(w io.Writer, i int) {
			fmt.Fprintf(w, `{"Batch":"b","Name":"clip-%07d","Services":{"ocr":"","s2t":""},"Source":{"Bucket":"archive","ObjectKey":"reels/%04d/clip-%07d.mov"},"Destination":{"Bucket":"results","Region":"us-east-1"}}`+"\n", i, i/1000, i)
		}},
		{"text", FormatText, "", func(w io.Writer, i int) { fmt.Fprintf(w, "reels/%04d/clip-%07d.mov\n", i/1000, i) }},
	} {
		var data bytes.Buffer
		data.WriteString(c.head)
		for i := range rows {
			c.row(&data, i)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(data.Len()))
			for b.Loop() {
				r, err := Open(context.Background(), "-", Options{Format: c.format, SourceBucket: "archive", Stdin: strings.NewReader(data.String())})
				if err != nil {
					b.Fatal(err)
				}
				var e entry.Entry
				for err == nil {
					err = r.Read(&e)
				}
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
				_ = r.Close()
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
