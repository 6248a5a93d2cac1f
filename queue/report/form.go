package report

import (
	"compress/gzip"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Format is the format of a report. A new one also needs its cases in row.go and report.go.
type Format string

const (
	CSV   Format = "csv"
	JSONL Format = "jsonl"
	Excel Format = "excel" // CSV for spreadsheets
)

// ParseForm parses the name of a form. If it is empty, the name of the output file decides.
func ParseForm(name, output string) (Format, error) {
	switch f := Format(name); f {
	case CSV, JSONL, Excel:
		return f, nil
	case "":
	default:
		return "", fmt.Errorf("report format %q: use csv, jsonl or excel", name)
	}
	bare := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(output), ".gz"), ".zst")
	switch filepath.Ext(bare) {
	case ".jsonl", ".ndjson", ".json":
		return JSONL, nil
	case ".xlsx", ".xls":
		return "", fmt.Errorf("%s: airlift writes no workbooks; --format excel with a name in .csv is CSV that Excel opens", output)
	}
	return CSV, nil
}

// Compressed returns write, with its output compressed if the name of the file ends in .gz or .zst.
func Compressed(path string, write func(io.Writer) error) func(io.Writer) error {
	var open func(io.Writer) (io.WriteCloser, error)
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		open = func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
	case ".zst":
		open = func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) }
	default:
		return write
	}
	return func(w io.Writer) error {
		z, err := open(w)
		if err != nil {
			return err
		}
		if err := write(z); err != nil {
			return err
		}
		return z.Close()
	}
}
