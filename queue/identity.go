package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// maxName is the longest job name in characters that AiR takes (Submit a new job: Name, max length 256).
const maxName = 256

// nameHex is the length of the hash in a generated name: 64 bits tell the items of a batch apart (a clash is harmless,
// because a lookup also compares the source).
const nameHex = 16

// versionHex is the length of a version in a name.
const versionHex = 16

// JobName returns the name of the item's job in a batch without a template: the manifest's if it gave one, else
// "<base name of the key>-<16 hex digits of a hash of the identity>" in [A-Za-z0-9._-] only. It depends on nothing but
// the identity, so that a rebuilt queue finds the same jobs. See [Namer.Name] for versions.
func JobName(batch string, it Item) string { return Namer{batch: batch}.Name(&it) }

// Namer gives the jobs of a batch their names. A lookup finds a job by its name, so the name of an item never changes
// once it may have been sent.
type Namer struct {
	batch    string
	template Template
}

// NewNamer returns the namer of a batch. The error is that of [ParseTemplate] for its template.
func NewNamer(b Batch) (Namer, error) {
	n := Namer{batch: b.ID}
	if b.Settings.Name == "" {
		return n, nil
	}
	var err error
	if n.template, err = ParseTemplate(b.Settings.Name); err != nil {
		return n, fmt.Errorf("the names of batch %q: %w", b.ID, err)
	}
	return n, nil
}

// Name returns the name of the item's job: the manifest's if it gave one, else that of the template, else that of
// [JobName]. A version has the name that it would have as the object's first item, shorter if need be, and
// "-<16 hex digits of the version>", which [VersionIn] reads back.
func (n Namer) Name(it *Item) string {
	var buf [maxName]byte
	return string(n.AppendName(buf[:0], it))
}

// AppendName appends the name of the item's job to b.
func (n Namer) AppendName(b []byte, it *Item) []byte {
	if it.Version == 0 {
		return n.appendPlain(b, it, maxName)
	}
	return fmt.Appendf(n.appendPlain(b, it, maxName-1-versionHex), "-%0*x", versionHex, it.Version)
}

// appendPlain is AppendName without the version, in at most most characters.
func (n Namer) appendPlain(b []byte, it *Item, most int) []byte {
	switch {
	case it.Name != "":
		return append(b, cutName(it.Name, most)...)
	case n.template.parts != nil:
		return append(b, n.template.name(n.batch, it, most)...)
	}
	_, base := splitKey(it.Key)
	if base == "" {
		base = "object"
	}
	b = append(b, plainText(base, most-1-nameHex)...)
	return appendHash(append(b, '-'), n.batch, it)
}

// VersionIn returns the version at the end of a name, 0 if none. Other names may end in the same way: compare with the name of the
// item.
func VersionIn(name string) uint64 {
	at := len(name) - versionHex
	if at < 1 || name[at-1] != '-' {
		return 0
	}
	v, err := strconv.ParseUint(name[at:], 16, 64)
	if err != nil {
		return 0
	}
	return v
}

// cutName returns the first so many characters of a name.
func cutName(name string, most int) string {
	n := 0
	for i := range name {
		if n == most {
			return name[:i]
		}
		n++
	}
	return name
}

// plainText returns at most so many characters of a text, with '_' for every one that is not in [A-Za-z0-9._-].
func plainText(text string, most int) string {
	if len(text) <= most && strings.IndexFunc(text, notPlain) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if b.Len() == most {
			break
		}
		if plainRune(r) {
			b.WriteByte(byte(r))
		} else {
			b.WriteByte('_')
		}
	}
	return b.String()
}

func notPlain(r rune) bool { return !plainRune(r) }

func plainRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
}

// appendHash appends the hash of an item's identity as it stands in names.
func appendHash(b []byte, batch string, it *Item) []byte {
	sum := identityHash(batch, it.Bucket, it.Key)
	return hex.AppendEncode(b, sum[:nameHex/2])
}

// identityHash hashes the parts with their lengths, so that different identities have different input.
func identityHash(parts ...string) [sha256.Size]byte {
	buf := make([]byte, 0, 256)
	buf = append(buf, "airlift identity 0"...)
	for _, p := range parts {
		buf = binary.AppendUvarint(buf, uint64(len(p)))
		buf = append(buf, p...)
	}
	return sha256.Sum256(buf)
}
