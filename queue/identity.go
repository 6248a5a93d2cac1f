package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// MaxName is the longest job name in characters that AiR takes (Submit a new job: Name, max length 256).
const MaxName = 256

// nameHex is the length of the hash in a generated name: 64 bits tell the items of a batch apart (a clash is harmless,
// for a lookup compares the source too).
const nameHex = 16

// JobName returns the name of the item's job: the manifest's if it gave one, else
// "<base name of the key>-<16 hex digits of a hash of the identity>" in [A-Za-z0-9._-] only. It depends on nothing but
// the identity, so that a rebuilt queue finds the same jobs.
func JobName(batch string, it Item) string {
	if it.Name != "" {
		return it.Name
	}
	base := it.Key[strings.LastIndexByte(it.Key, '/')+1:]
	if base == "" {
		base = "object"
	}
	var name strings.Builder
	for _, r := range base {
		if name.Len() == MaxName-1-nameHex {
			break
		}
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			name.WriteByte(byte(r))
		} else {
			name.WriteByte('_')
		}
	}
	sum := identityHash(batch, it.Bucket, it.Key)
	name.WriteByte('-')
	name.WriteString(hex.EncodeToString(sum[:nameHex/2]))
	return name.String()
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
