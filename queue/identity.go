package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// MaxName is the longest job name in characters that AiR takes (Submit a new job: Name, max length 256).
const MaxName = 256

// nameHex is the length of the hash in a generated name: 64 bits tell the items of a batch apart (a clash is harmless,
// for a lookup compares the source too).
const nameHex = 16

// JobName returns the name of the item's job in a batch without a template: the manifest's if it gave one, else
// "<base name of the key>-<16 hex digits of a hash of the identity>" in [A-Za-z0-9._-] only. It depends on nothing but
// the identity, so that a rebuilt queue finds the same jobs.
func JobName(batch string, it Item) string {
	if it.Name != "" {
		return it.Name
	}
	_, base := splitKey(it.Key)
	if base == "" {
		base = "object"
	}
	return plainText(base, MaxName-1-nameHex) + "-" + hashOf(batch, &it)
}

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
// [JobName].
func (n Namer) Name(it *Item) string {
	if it.Name != "" || n.template.parts == nil {
		return JobName(n.batch, *it)
	}
	return n.template.name(n.batch, it)
}

// plainText returns at most so many characters of a text, with '_' for every one that is not in [A-Za-z0-9._-].
func plainText(text string, most int) string {
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

func plainRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
}

// hashOf returns the hash of an item's identity as it stands in names.
func hashOf(batch string, it *Item) string {
	sum := identityHash(batch, it.Bucket, it.Key)
	return hex.EncodeToString(sum[:nameHex/2])
}

// identityHash hashes the parts with their lengths, so that no two identities run together.
func identityHash(parts ...string) [sha256.Size]byte {
	buf := make([]byte, 0, 256)
	buf = append(buf, "airlift identity 0"...)
	for _, p := range parts {
		buf = binary.AppendUvarint(buf, uint64(len(p)))
		buf = append(buf, p...)
	}
	return sha256.Sum256(buf)
}
