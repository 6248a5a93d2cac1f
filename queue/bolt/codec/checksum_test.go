package codec

import (
	"bytes"
	"testing"
)

func TestChangedValuesAreRefused(t *testing.T) {
	key, plain := []byte("key"), []byte("some bytes, some bytes")
	sealed, err := Seal(plain)
	if err != nil {
		t.Fatal(err)
	}
	bound := Bind(key, bytes.Clone(plain))
	if got, err := Unseal(nil, sealed); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("unseal: got %q, %v", got, err)
	}
	if got, ok := Bound(key, bound); !ok || !bytes.Equal(got, plain) {
		t.Errorf("bound: got %q, %t", got, ok)
	}
	if _, ok := Bound([]byte("kez"), bound); ok {
		t.Error("a value was taken under another key")
	}
	changed := func(b []byte, i int) []byte {
		b = bytes.Clone(b)
		b[i] ^= 0x10
		return b
	}
	for i := range sealed {
		if _, err := Unseal(nil, changed(sealed, i)); err == nil {
			t.Errorf("sealed: byte %d changed: got no error", i)
		}
	}
	for i := range bound {
		if _, ok := Bound(key, changed(bound, i)); ok {
			t.Errorf("bound: byte %d changed: got no error", i)
		}
	}
	if _, err := Unseal(nil, nil); err == nil {
		t.Error("unseal of nothing: got no error")
	}
	if _, ok := Bound(key, nil); ok {
		t.Error("bound of nothing: got no error")
	}
}
