package manifest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
)

const benchRows = 50_000

// BenchmarkCSV compares with encoding/csv, which only splits.
func BenchmarkCSV(b *testing.B) {
	var data bytes.Buffer
	data.WriteString("bucket,key,priority\n")
	for i := range benchRows {
		fmt.Fprintf(&data, "media-archive,videos/2024/camera-%d/take %07d.mov,3\n", i%40, i)
	}
	b.Run("ours", func(b *testing.B) { benchRead(b, data.Bytes(), FormatCSV) })
	b.Run("encoding-csv", func(b *testing.B) {
		b.SetBytes(int64(data.Len()))
		for b.Loop() {
			r := csv.NewReader(bytes.NewReader(data.Bytes()))
			r.ReuseRecord = true
			for {
				if _, err := r.Read(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
		perRow(b, benchRows+1)
	})
}

// BenchmarkJSONL compares rows of the API's shape with encoding/json.
func BenchmarkJSONL(b *testing.B) {
	var data bytes.Buffer
	for i := range benchRows {
		fmt.Fprintf(&data, `{"Name":"take-%07d","Priority":3,"Services":{"ocr":"","s2t":""},"Source":{"Bucket":"media-archive","Region":"eu-central-1","ObjectKey":"videos/2024/camera-%d/take %07d.mov"},"Destination":{"Bucket":"metadata","Region":"eu-central-1"}}`+"\n", i, i%40, i)
	}
	b.Run("ours", func(b *testing.B) { benchRead(b, data.Bytes(), FormatJSONL) })
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(data.Len()))
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
		perRow(b, benchRows)
	})
}

func benchRead(b *testing.B, data []byte, f Format) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(context.Background(), "-", Options{Format: f, Stdin: bytes.NewReader(data)})
		if err != nil {
			b.Fatal(err)
		}
		var e Entry
		n := 0
		for {
			err := r.Read(&e)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != benchRows {
			b.Fatalf("got %d rows, want %d", n, benchRows)
		}
		r.Close()
	}
	perRow(b, benchRows)
}

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
