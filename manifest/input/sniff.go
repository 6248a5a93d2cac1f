package input

import (
	"bytes"
	"errors"
)

// BOM is the byte-order mark of UTF-8.
var BOM = []byte("\ufeff")

// FirstOfBOM is the first byte of BOM.
const FirstOfBOM = 0xef

// Sniff looks at the head of a stream: its first line and what was read with it. It returns what makes the stream
// unreadable, and a remedy. Text in UTF-16 is refused and not converted, because keys are the exact bytes of the file.
//
//lint:ignore ST1008 the error is what was found, not a failure to find it
func Sniff(head []byte) (err error, remedy string) {
	const save = "save it again as UTF-8"
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return errors.New("is an Excel workbook or another ZIP file"), "save the sheet as CSV (UTF-8), or unpack it"
	case bytes.HasPrefix(head, []byte("PAR1")):
		return errors.New("is a Parquet file"), "if it is a part of an S3 Inventory, name the manifest.json to which it belongs"
	case bytes.HasPrefix(head, []byte("ORC\n")), bytes.HasPrefix(head, []byte("ORC\x00")), bytes.HasPrefix(head, []byte("ORC\x03")):
		return errors.New("is an ORC file, which is not read"), "have it written as CSV or Parquet"
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return errors.New("is UTF-16 or UTF-32 text"), save
	}
	if i := bytes.IndexByte(head, 0); i >= 0 {
		if looksUTF16(head) {
			return errors.New("looks like UTF-16 text"), save
		}
		return errors.New("is binary data (it holds NUL bytes)"), "name a manifest: CSV, JSON Lines or text"
	}
	if bytes.IndexByte(head, '\n') < 0 && loneCR(head) {
		return errors.New("has carriage returns (CR) as line ends"), "save it again with LF or CRLF as line ends"
	}
	return nil, ""
}

// looksUTF16 finds text of which every other byte is NUL.
func looksUTF16(head []byte) bool {
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i&1]++
		}
	}
	half := len(head) / 2
	return half > 0 && (zeros[0] == 0 && zeros[1] > half/2 || zeros[1] == 0 && zeros[0] > half/2)
}

// loneCR finds a CR outside quotes that something follows.
func loneCR(head []byte) bool {
	quoted := false
	for i, c := range head {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\r' && !quoted && i < len(head)-1:
			return true
		}
	}
	return false
}
