package queue

import "testing"

func TestContentCompare(t *testing.T) {
	var (
		both  = ContentOf("abc", 10, true)
		etag  = ContentOf("abc", 0, false)
		size  = ContentOf("", 10, true)
		other = ContentOf("abd", 10, true)
		long  = ContentOf("abc", 11, true)
		empty = ContentOf("", 0, true)
		none  = ContentOf("", 0, false)
	)
	if none != 0 || both == 0 || etag == 0 || size == 0 || empty == 0 {
		t.Fatalf("got none %x, both %x, etag %x, size %x, empty %x: want only none to be 0", none, both, etag, size, empty)
	}
	for _, c := range []struct {
		name        string
		a, b        Content
		same, known bool
	}{
		{"equal", both, both, true, true},
		{"another ETag", both, other, false, true},
		{"another size", both, long, false, true},
		{"only the ETag told", both, etag, true, true},
		{"only the size told", both, size, true, true},
		{"only the size told, and the ETags differ", other, size, true, true},
		{"only the ETag told, and it differs", other, etag, false, true},
		{"nothing in common", etag, size, false, false},
		{"nothing told", both, none, false, false},
		{"nothing at all", none, none, false, false},
		{"no bytes", empty, size, false, true},
	} {
		for _, pair := range [][2]Content{{c.a, c.b}, {c.b, c.a}} {
			if same, known := pair[0].Compare(pair[1]); same != c.same || known != c.known {
				t.Errorf("%s: got same %v, known %v, want %v, %v", c.name, same, known, c.same, c.known)
			}
		}
	}
	if etag.With(size) != both || both.With(other) != both || none.With(both) != both {
		t.Errorf("with: got %x, %x, %x, want %x each", etag.With(size), both.With(other), none.With(both), both)
	}
}
