package main

import (
	"bytes"
	"crypto/md5" // #nosec: S3 Inventory's own checksum
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/parquet-go/parquet-go"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// inventoryOf writes rows as the only part of an inventory, and returns its manifest.json.
func inventoryOf[T any](r *rig, checksum bool, rows ...T) string {
	r.t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		r.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.file("part0.parquet", b.String())
	sum := md5.Sum(b.Bytes())
	extra := fmt.Sprintf(`,"MD5checksum":%q`, hex.EncodeToString(sum[:]))
	if !checksum {
		extra = ""
	}
	return r.file("manifest.json", fmt.Sprintf(`{"sourceBucket":"archive","destinationBucket":"arn:aws:s3:::lists","version":"2016-11-30","creationTimestamp":"1514944800000",`+
		`"fileFormat":"Parquet","fileSchema":"message s3.inventory {}","files":[{"key":"part0.parquet","size":%d%s}]}`, b.Len(), extra))
}

// An inventory whose parts another tool has written anew: deleted objects and old versions are no jobs, whatever types
// their flags have.
func TestInventoryOfOtherColumnTypes(t *testing.T) {
	t.Parallel()
	type texts struct {
		Bucket string `parquet:"bucket"`
		Key    string `parquet:"key"`
		Latest string `parquet:"is_latest"`
		Gone   string `parquet:"is_delete_marker"`
		Size   int32  `parquet:"size"`
		At     string `parquet:"last_modified_date"`
	}
	const at = "2026-11-01T00:00:00.000Z"
	type numbers struct {
		Key    string  `parquet:"key"`
		Latest int64   `parquet:"is_latest"`
		Gone   int32   `parquet:"is_delete_marker"`
		Size   float64 `parquet:"size"`
	}
	for name, write := range map[string]func(*rig) string{
		"strings": func(r *rig) string {
			return inventoryOf(r, true, texts{"archive", "r/new.mov", "true", "false", 10, at}, texts{"archive", "r/gone.mov", "true", "true", 0, at}, texts{"archive", "r/old.mov", "false", "false", 3, at})
		},
		"capitals, without a checksum": func(r *rig) string {
			return inventoryOf(r, false, texts{"archive", "r/new.mov", "True", "False", 10, at}, texts{"archive", "r/gone.mov", "TRUE", "TRUE", 0, at}, texts{"archive", "r/old.mov", "False", "False", 3, at})
		},
		"numbers": func(r *rig) string {
			return inventoryOf(r, true, numbers{"r/new.mov", 1, 0, 10}, numbers{"r/gone.mov", 1, 1, 0}, numbers{"r/old.mov", 0, 0, 3})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			got := r.run("run", write(r), "--batch", "b", "--min-size", "5B").want(t, exit.OK).says(t, "1 skipped: delete marker", "1 skipped: old version")
			r.submittedKeys("r/new.mov")
			if name == "capitals, without a checksum" {
				got.says(t, "no MD5checksum for 1 of 1 parts")
			}
		})
	}
	type doubtful struct {
		Key    string `parquet:"key"`
		Latest []bool `parquet:"is_latest"`
	}
	r := newRig(t, airtest.Config{})
	r.run("run", inventoryOf(r, true, doubtful{"r/new.mov", []bool{false}}), "--batch", "b").want(t, exit.Unexpected).says(t, "part0.parquet", "is_latest as a list")
	r.unsent()
}
