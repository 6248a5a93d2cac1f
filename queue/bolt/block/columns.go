package block

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// The values of an extra column are mostly of one sort within a block: sizes and times are numbers, ETags and checksums
// are hex digits. General compression gains little on them; binary takes half the space.
const (
	sortText   byte = iota // length and bytes
	sortNumber             // decimal digits without leading zeroes, at most maxDigits: a uvarint
	sortHex                // lower-case hex digits, all values of one even length: half as many bytes
)

const (
	maxDigits = 18
	// maxHex bounds hex digits, in bytes: a SHA-512 has 64.
	maxHex = 64
)

// column is how the values of an extra column of a block are stored.
type column struct {
	sort  byte
	bytes int // of a value that is hex digits; 0 if none can be
}

// columnOf returns the column that a first value suggests.
func columnOf(value string) column {
	c := column{sort: sortNumber}
	if n := len(value); n > 0 && n%2 == 0 && n <= 2*maxHex {
		c.bytes = n / 2
	}
	if _, ok := number(value); !ok {
		c.widen(value)
	}
	return c
}

// widen changes the column so that the value fits.
func (c *column) widen(value string) {
	if c.sort == sortNumber && c.fitsHex(value) {
		c.sort = sortHex
		return
	}
	c.sort = sortText
}

func (c *column) fitsHex(value string) bool {
	return len(value) == 2*c.bytes && len(value) > 0 && isHex(value)
}

// number returns what decimal digits say.
func number(s string) (n uint64, ok bool) {
	if len(s) == 0 || len(s) > maxDigits || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// hexDigits maps a lower-case hex digit to its value, and other bytes to 0xff.
var hexDigits = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for i, c := range "0123456789abcdef" {
		table[c] = byte(i)
	}
	return table
}()

func isHex(s string) bool {
	for i := range len(s) {
		if hexDigits[s[i]] > 15 {
			return false
		}
	}
	return true
}

// appendUnhexed appends the bytes that hex digits stand for.
func appendUnhexed(b []byte, s string) []byte {
	for i := 0; i < len(s); i += 2 {
		b = append(b, hexDigits[s[i]]<<4|hexDigits[s[i+1]])
	}
	return b
}

// appendValues appends the columns of each list of extra columns, and the values of all items.
func (e *encoder) appendValues(b []byte, items []queue.Item) []byte {
	e.columns = make([][]column, len(e.schemas))
	for i, first := range e.schemas {
		for _, f := range first {
			e.columns[i] = append(e.columns[i], columnOf(f.Value))
		}
	}
	for {
		// A value that does not fit widens its column, twice at most, and we begin again: mostly all are alike.
		if out, ok := e.tryValues(b, items); ok {
			return out
		}
	}
}

func (e *encoder) tryValues(b []byte, items []queue.Item) ([]byte, bool) {
	for _, columns := range e.columns {
		for _, c := range columns {
			b = append(b, c.sort)
			if c.sort == sortHex {
				b = append(b, byte(c.bytes))
			}
		}
	}
	for i := range items {
		columns := e.columns[e.schema[i]]
		for j := range columns {
			c, value := &columns[j], items[i].Extra[j].Value
			fits := true
			switch c.sort {
			case sortNumber:
				var n uint64
				n, fits = number(value)
				b = binary.AppendUvarint(b, n)
			case sortHex:
				if fits = c.fitsHex(value); fits {
					b = appendUnhexed(b, value)
				}
			default:
				b = codec.AppendString(b, value)
			}
			if !fits {
				c.widen(value)
				return nil, false
			}
		}
	}
	return b, true
}

// readColumns decodes the columns of each list. All values are text in a block that does not say otherwise: those of
// format 2 and before.
func readColumns(r *codec.Reader, schemas [][]string, sorted bool) [][]column {
	all := make([][]column, len(schemas))
	for i := range schemas {
		all[i] = make([]column, len(schemas[i]))
		for j := range all[i] {
			if !sorted {
				continue
			}
			switch c := &all[i][j]; r.Byte() {
			case sortText:
			case sortNumber:
				c.sort = sortNumber
			case sortHex:
				if c.sort, c.bytes = sortHex, int(r.Byte()); c.bytes == 0 {
					r.Fail() // a value must take at least a byte
				}
			default:
				r.Fail()
			}
		}
	}
	return all
}

// texts are strings in common pieces of memory, the last of which is used again after a reset.
type texts struct{ piece, free []byte }

func (t *texts) reset() { t.free = t.piece }

// room returns an empty slice with room for n bytes, to be given to made.
func (t *texts) room(n int) []byte {
	if cap(t.free) < n {
		t.piece = make([]byte, 0, max(n, 8<<10))
		t.free = t.piece
	}
	return t.free
}

// made returns what was appended to room's slice.
func (t *texts) made(b []byte) string {
	t.free = b[len(b):]
	return codec.Text(b)
}

// readValue decodes one value of a column.
func readValue(r *codec.Reader, c column, t *texts) string {
	switch c.sort {
	case sortNumber:
		return t.made(strconv.AppendUint(t.room(20), r.Uvarint(), 10))
	case sortHex:
		return t.made(hex.AppendEncode(t.room(2*c.bytes), r.Bytes(c.bytes)))
	}
	return r.Text()
}
