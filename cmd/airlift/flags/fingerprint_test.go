package flags

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unsafe"

	"airlift/manifest"
	"airlift/manifest/filter"
)

// A fingerprint is stored with a broken-off scan: under another one the scan begins anew, so it must never change.
func TestFingerprintStays(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("patterns.txt", []byte("*.mov\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sourceFlags{
		batch: "b", formatFlags: formatFlags{"csv", ";", "key=1"}, scan: true,
		selectionFlags: selectionFlags{
			patterns: filter.Patterns{Include: []string{"*.mov", "a b"}, ExcludeFrom: []string{"patterns.txt"}}, types: []string{"video"},
			minSize: "1K", newerThan: "7d", take: []string{"empty"}, sample: "5%", limit: 7,
		},
		preflightFlags: preflightFlags{true, "50/s"}, allowEmpty: true, sourceBucket: "src", pathStyle: true, listing: scanFlags{8, "unlimited"},
	}
	list := []manifest.Source{{Arg: "s3://archive/2024/"}}
	for _, c := range []struct {
		flags sourceFlags
		want  string
	}{
		{s, "07bad078fb55f08fe5e9e27d7edb5d93ad1869813bf38fa71e82d41f733b0ea0"},
		{sourceFlags{}, "bee5066e3b6e804f6e53cb3ce990e4b34543f830ecb1056c13700061ff8633bd"},
	} {
		if got := c.flags.fingerprint(list, &Job{sourceRegion: "us-east-1"}); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// Each flag that changes what is found changes the fingerprint.
func TestFingerprintHasAllFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "patterns.txt")
	none := (&sourceFlags{}).fingerprint(nil, &Job{})
	seen := map[string]string{none: "nothing"}
	var changed sourceFlags
	var visit func(name string, v reflect.Value)
	visit = func(name string, v reflect.Value) {
		v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // the fields are not exported
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i).Name; f != "listing" && f != "allowEmpty" && f != "Stdin" {
					visit(name+"."+f, v.Field(i))
				}
			}
			return
		case reflect.Bool:
			v.SetBool(true)
		case reflect.String:
			v.SetString(file)
		case reflect.Int, reflect.Int64:
			v.SetInt(7)
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{file}))
		default:
			t.Fatalf("%s: this test does not know its type %s", name, v.Type())
		}
		got := changed.fingerprint(nil, &Job{})
		if other, twice := seen[got]; twice {
			t.Errorf("%s gives the fingerprint of %s", name, other)
		}
		seen[got] = name
		v.SetZero()
	}
	visit("flags", reflect.ValueOf(&changed).Elem())
}
