package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"airlift/manifest"
	"airlift/manifest/entry"
)

func init() {
	tasks["airlift-decode"] = airliftDecode
	tasks["encoding-json"] = encodingJSON
	tasks["encoding-csv"] = encodingCSV
}

// decodeContest reads manifests from memory: JSON lines in the shape of the API's body, and CSV.
func decodeContest(b *bench) *contest {
	n := b.size(1_000_000)
	who := func(name, task, format string) contestant {
		a := args{N: n, More: map[string]string{"format": format}}
		return contestant{name: name, measure: func(ctx context.Context) (sample, error) { return b.child(ctx, task, a) }}
	}
	return &contest{
		name: "decode",
		contestants: []contestant{
			who("airlift, JSONL", "airlift-decode", "jsonl"), who("encoding/json", "encoding-json", ""),
			who("airlift, CSV", "airlift-decode", "csv"), who("encoding/csv", "encoding-csv", ""),
		},
		rows: []line{
			{what: "decode JSONL, " + short(n) + " nested rows", ours: figure{"airlift, JSONL", rate}, peer: figure{"encoding/json", rate}, least: 1.6, unit: "/s"},
			{what: "decode CSV", ours: figure{"airlift, CSV", rate}, peer: figure{"encoding/csv", rate}, unit: "/s"},
		},
	}
}

// manifestText is a manifest in memory. The lines of JSON have the shape of the body of POST /jobs.
func manifestText(n int, format string) []byte {
	var b bytes.Buffer
	if format == "csv" {
		b.WriteString(header)
	}
	var line []byte
	for i := range n {
		it := row(i, i)
		if format == "csv" {
			line = appendRow(line[:0], &it)
		} else {
			line = fmt.Appendf(line[:0], `{"Name":"take-%07d","Priority":3,"Services":{"ocr":"","s2t":""},"Source":{"Bucket":"%s","Region":"eu-central-1","ObjectKey":%q},"Destination":{"Bucket":"results","Region":"eu-central-1"}}`+"\n", i, it.Bucket, it.Key)
		}
		b.Write(line)
	}
	return b.Bytes()
}

// entries reads a manifest and hands its entries on.
func entries(text []byte, format string, use func(*entry.Entry) error) error {
	r, err := manifest.Open(context.Background(), "-", manifest.Options{Format: manifest.Format(format), Stdin: bytes.NewReader(text)})
	if err != nil {
		return err
	}
	defer r.Close()
	var e entry.Entry
	for {
		err := r.Read(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = use(&e)
		}
		if err != nil {
			return err
		}
	}
}

func airliftDecode(a args, m *meter) error {
	text := manifestText(a.N, a.More["format"])
	quietly()
	n := 0
	err := m.do(func() error {
		return entries(text, a.More["format"], func(*entry.Entry) error { n++; return nil })
	})
	if err == nil && n != a.N {
		err = fmt.Errorf("%d of %d rows were read", n, a.N)
	}
	return err
}

func encodingJSON(a args, m *meter) error {
	text := manifestText(a.N, "jsonl")
	quietly()
	return m.do(func() error {
		d := json.NewDecoder(bytes.NewReader(text))
		n := 0
		for ; d.More(); n++ {
			var job struct {
				Name        string
				Priority    int
				Services    json.RawMessage
				Source      struct{ Bucket, Region, Endpoint, ObjectKey string }
				Destination struct{ Bucket, Region string }
			}
			if err := d.Decode(&job); err != nil {
				return err
			}
		}
		if n != a.N {
			return fmt.Errorf("%d of %d rows were read", n, a.N)
		}
		return nil
	})
}

// encodingCSV only splits the rows, and uses its record again.
func encodingCSV(a args, m *meter) error {
	text := manifestText(a.N, "csv")
	quietly()
	return m.do(func() error {
		r := csv.NewReader(bytes.NewReader(text))
		r.ReuseRecord = true
		for n := -1; ; n++ { // the header is one too
			_, err := r.Read()
			if errors.Is(err, io.EOF) {
				if n != a.N {
					return fmt.Errorf("%d of %d rows were read", n, a.N)
				}
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}
