package manifest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"airlift/manifest/entry"
)

// readParquet reads rows of any type as the only part of an inventory.
func readParquet[T any](t *testing.T, rows ...T) ([]entry.Entry, []*entry.RowError, error) {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "manifest.json")
	writeFile(t, filepath.Join(filepath.Dir(name), "p"), b.Bytes())
	writeFile(t, name, manifestJSON("Parquet", "", []string{"p"}, [][]byte{b.Bytes()}))
	return openAll(t, name, Options{})
}

// What other tools write means the same as what S3 writes.
func TestParquetOfOtherTools(t *testing.T) {
	at := time.Date(2026, 11, 1, 2, 3, 4, 5000, time.UTC)
	day := at.Truncate(24 * time.Hour)
	check := func(t *testing.T, at time.Time) func([]entry.Entry, []*entry.RowError, error) {
		return func(all []entry.Entry, rejected []*entry.RowError, end error) {
			t.Helper()
			if end != nil || len(rejected) > 0 || len(all) != 3 {
				t.Fatalf("got %d rows, %v, %v", len(all), rejected, end)
			}
			for i, skip := range []string{"", entry.SkipDeleteMarker, entry.SkipOldVersion} {
				if e := all[i]; e.Skip != skip || !e.Sized || e.Size != 10+int64(i) || !e.LastModified.Equal(at) {
					t.Errorf("row %d: got %+v, want %q at %v", i+1, e, skip, at)
				}
			}
		}
	}
	t.Run("strings", func(t *testing.T) {
		type row struct {
			Key    string `parquet:"key"`
			Latest string `parquet:"is_latest"`
			Gone   string `parquet:"is_delete_marker"`
			Size   string `parquet:"size"`
			At     string `parquet:"last_modified_date"`
		}
		text := at.Format(time.RFC3339Nano)
		check(t, at)(readParquet(t, row{"a", "true", "false", "10", text}, row{"b", "TRUE", "True", "11", text}, row{"c", "false", " false ", "12", text}))
	})
	t.Run("small numbers", func(t *testing.T) {
		type row struct {
			Key    string    `parquet:"key,dict"`
			Latest int32     `parquet:"is_latest"`
			Gone   int64     `parquet:"is_delete_marker"`
			Size   int32     `parquet:"size"`
			At     time.Time `parquet:"last_modified_date,timestamp(microsecond)"`
		}
		check(t, at)(readParquet(t, row{"a", 1, 0, 10, at}, row{"b", 1, 1, 11, at}, row{"c", 0, 0, 12, at}))
	})
	t.Run("numbers with a point", func(t *testing.T) {
		type row struct {
			Key    string  `parquet:"key"`
			Latest float64 `parquet:"is_latest"`
			Gone   float64 `parquet:"is_delete_marker"`
			Size   float64 `parquet:"size"`
			At     int32   `parquet:"last_modified_date,date"`
		}
		days := int32(day.Unix() / (24 * 60 * 60))
		check(t, day)(readParquet(t, row{"a", 1, 0, 10, days}, row{"b", 1, 1, 11, days}, row{"c", 0, 0, 12, days}))
	})
	t.Run("of Hive", func(t *testing.T) {
		type row struct {
			Key    string           `parquet:"key"`
			Latest bool             `parquet:"is_latest"`
			Gone   *bool            `parquet:"is_delete_marker,optional"`
			Size   uint64           `parquet:"size"`
			At     deprecated.Int96 `parquet:"last_modified_date"`
		}
		nanos := uint64(at.Sub(day))
		stamp := deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(day.Unix()/(24*60*60) + 2440588)}
		check(t, at)(readParquet(t, row{"a", true, nil, 10, stamp}, row{"b", true, ptr(true), 11, stamp}, row{"c", false, nil, 12, stamp}))
	})
}

// A value that says nothing certain rejects its row, never silently.
func TestParquetOfDoubtfulValues(t *testing.T) {
	type row struct {
		Key    string  `parquet:"key"`
		Latest string  `parquet:"is_latest"`
		Gone   int32   `parquet:"is_delete_marker"`
		Size   float64 `parquet:"size"`
		At     string  `parquet:"last_modified_date"`
	}
	all, rejected, end := readParquet(t, row{"a", "yes", 0, 1, ""}, row{"b", "true", 2, 1, ""}, row{"c", "true", 0, 1.5, ""}, row{"d", "", 0, -1, ""}, row{"e", "", 0, 1, "yesterday"}, row{"f", "", 0, 1, ""})
	if end != nil || len(all) != 1 || all[0].Key != "f" || !all[0].LastModified.IsZero() {
		t.Errorf("got %+v, %v", all, end)
	}
	for i, says := range []string{`is_latest is "yes"`, "is_delete_marker is 2, neither 0 nor 1", `the size is "1.5"`, `the size is "-1"`, `the last modification is "yesterday"`} {
		if i >= len(rejected) || !strings.Contains(rejected[i].Reason, says) || rejected[i].Key != string(rune('a'+i)) {
			t.Errorf("row %d: got %v, want %q", i+1, rejected, says)
		}
	}
}

// A column that cannot be what its name says refuses the part, before any row.
func TestParquetOfOtherTypes(t *testing.T) {
	refused := func(name string, says string, all []entry.Entry, rejected []*entry.RowError, end error) {
		t.Helper()
		if end == nil || !strings.Contains(end.Error(), says) || !strings.Contains(end.Error(), "the part p") || len(all)+len(rejected) > 0 {
			t.Errorf("%s: got %d rows, %v, want %q", name, len(all), end, says)
		}
	}
	type seconds struct {
		Key string `parquet:"key"`
		At  int64  `parquet:"last_modified_date"`
	}
	all, rejected, end := readParquet(t, seconds{"a", 1})
	refused("seconds", "has the column last_modified_date as INT(64,true)", all, rejected, end)
	type numbered struct {
		Key int64 `parquet:"key"`
	}
	all, rejected, end = readParquet(t, numbered{1})
	refused("numbered", "has the column key as INT(64,true)", all, rejected, end)
	type listed struct {
		Key    string `parquet:"key"`
		Latest []bool `parquet:"is_latest,list"`
	}
	all, rejected, end = readParquet(t, listed{"a", nil})
	refused("listed", "has the column is_latest as a list", all, rejected, end)
	type dated struct {
		Key    string `parquet:"key"`
		Latest int32  `parquet:"is_latest,date"`
	}
	all, rejected, end = readParquet(t, dated{"a", 1})
	refused("dated", "has the column is_latest as DATE", all, rejected, end)
	type cents struct {
		Key  string `parquet:"key"`
		Size int64  `parquet:"size,decimal(2:18)"`
	}
	all, rejected, end = readParquet(t, cents{"a", 100})
	refused("cents", "has the column size as DECIMAL", all, rejected, end)
	type renamed struct {
		Path string `parquet:"path"`
	}
	all, rejected, end = readParquet(t, renamed{"a"})
	refused("renamed", "has no column that is named key", all, rejected, end)
}

// Parts without a checksum are read, and said; in CSV and in Parquet.
func TestInventoryWarnsOfPartsWithoutChecksum(t *testing.T) {
	for _, asParquet := range []bool{false, true} {
		name := writeInventory(t, asParquet, []listed{{Bucket: "media", Key: "a"}}, []listed{{Bucket: "media", Key: "b"}})
		doc, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for without, removed := range []string{"", "part-0", "part-"} {
			var kept []string
			for part := range strings.SplitSeq(string(doc), "{") {
				if removed != "" && strings.Contains(part, removed) {
					lines := strings.Split(part, "\n")
					for i, line := range lines {
						if strings.Contains(line, "MD5checksum") {
							lines = append(lines[:i], lines[i+1:]...)
							break
						}
					}
					part = strings.Join(lines, "\n")
				}
				kept = append(kept, part)
			}
			writeFile(t, name, []byte(strings.Join(kept, "{")))
			var warned []string
			all, rejected, end := openAll(t, name, Options{Warn: func(text string) { warned = append(warned, text) }})
			want{rows: []string{"media/a", "media/b"}}.check(t, all, rejected, end)
			says := fmt.Sprintf("no MD5checksum for %d of 2 parts", without)
			if without == 0 && len(warned) > 0 || without > 0 && (len(warned) != 1 || !strings.Contains(warned[0], says)) {
				t.Errorf("without %d: got %q", without, warned)
			}
		}
	}
}
