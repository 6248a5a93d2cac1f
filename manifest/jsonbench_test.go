package manifest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"airlift/manifest/entry"
)

// BenchmarkJSONL reads rows in the shape of AiR's POST /jobs beside encoding/json.
func BenchmarkJSONL(b *testing.B) {
	const rows = 100_000
	var data bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&data, `{"Name":"take-%07d","Priority":3,"Services":{"ocr":"","s2t":""},"Source":{"Bucket":"archive","Region":"eu-central-1","ObjectKey":%q},"Destination":{"Bucket":"results","Region":"eu-central-1"}}`+"\n",
			i, fmt.Sprintf("video/2023/reel-%05d/clip-%09d.mov", i/500, i))
	}
	rate := func(b *testing.B) { b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s") }
	b.Run("airlift", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := Open(context.Background(), "-", Options{Format: FormatJSONL, Stdin: bytes.NewReader(data.Bytes())})
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
		rate(b)
	})
	b.Run("encoding-json", func(b *testing.B) {
		for b.Loop() {
			d := json.NewDecoder(bytes.NewReader(data.Bytes()))
			for d.More() {
				var job struct {
					Name        string
					Priority    int
					Services    json.RawMessage
					Source      struct{ Bucket, Region, Endpoint, ObjectKey string }
					Destination struct{ Bucket, Region string }
				}
				if err := d.Decode(&job); err != nil {
					b.Fatal(err)
				}
			}
		}
		rate(b)
	})
}
