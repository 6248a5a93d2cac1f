package block

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// TestValuesComeBack encodes columns that look like numbers or hex digits, and nearly so, in every order.
func TestValuesComeBack(t *testing.T) {
	for _, values := range [][]string{
		{"0", "7", "999999999999999999"},
		{"1", "1000000000000000000"},  // of 19 digits
		{"18446744073709551616", "5"}, // beyond 64 bits
		{"12", "00"}, {"12", ""}, {"", ""}, {"1", "-1", "+1", " 1", "1.0", "1e3"},
		{"0123", "abcd", "9999"}, {"ab", "AB"}, {"ab", "abcd"}, {"abc", "def"}, {"ab", "ag"}, {"ab", "a\x00"},
		{"12", "34", "ab"}, {"1234", "0012"}, {"99", "ab", "1"},
		{strings.Repeat("0a", maxHex)}, {strings.Repeat("0a", maxHex+1)},
		{"d41d8cd98f00b204e9800998ecf8427e", "\"d41d8cd98f00b204e9800998ecf842\""}, {"9/", ":9"}, {"`a", "f@"},
	} {
		for range values {
			values = append(values[1:], values[0])
			var want []queue.Item
			for _, v := range values {
				want = append(want, queue.Item{Key: "k", Extra: []queue.Field{{Name: "a", Value: "x"}, {Name: "b", Value: v}}})
				want = append(want, queue.Item{Key: "k", Extra: []queue.Field{{Name: "c", Value: v}}}, queue.Item{Key: "k"})
			}
			for i := range want {
				want[i].Seq = uint64(i)
			}
			var e encoder
			value, err := e.encode(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(0, value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", values, diff)
			}
		}
	}
}

// TestHexOfNoBytes: a value takes at least a byte, or garbage could ask for the memory of any number of them.
func TestHexOfNoBytes(t *testing.T) {
	for n, bad := range []bool{true, false, false} {
		r := &codec.Reader{Rest: []byte{sortHex, byte(n)}}
		if readColumns(r, [][]string{{"h"}}, true); r.Bad != bad {
			t.Errorf("hex digits of %d bytes: got refused %t, want %t", n, r.Bad, bad)
		}
	}
}

// TestValuesAreShort: what catalogues and inventories tell of an object takes half the room of its text.
func TestValuesAreShort(t *testing.T) {
	items := make([]queue.Item, 500)
	text := 0
	for i := range items {
		h := md5.Sum([]byte{byte(i), byte(i >> 8)})
		items[i].Extra = []queue.Field{{Name: "size", Value: strconv.FormatUint(binary.BigEndian.Uint64(h[:])%1e10, 10)}, {Name: "etag", Value: hex.EncodeToString(h[:])}}
		for _, f := range items[i].Extra {
			text += len(f.Value)
		}
	}
	var e encoder
	value, err := e.encode(items)
	if err != nil {
		t.Fatal(err)
	}
	if most := text*55/100 + 100; len(value) > most {
		t.Errorf("%d bytes of values take %d, want at most %d", text, len(value), most)
	}
}
