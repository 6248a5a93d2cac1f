package queue

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Alike returns a bucket, key or name without what AiR may change in it when it lists a job: percent-encoding, Unicode
// normal form, case, leading and trailing ASCII punctuation, and the kind of ASCII punctuation between words. Two texts
// with the same result may be spellings of one text. Non-ASCII characters are kept.
func Alike(s string) string {
	plain := s
	for {
		decoded, err := url.PathUnescape(plain)
		if err != nil || decoded == plain {
			break
		}
		plain = decoded
	}
	var b strings.Builder
	separated := false
	for _, r := range strings.ToLower(norm.NFKC.String(plain)) {
		if r < 0x80 && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			separated = b.Len() > 0
			continue
		}
		if separated {
			b.WriteByte('_')
			separated = false
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return s
	}
	return b.String()
}

// Proves reports whether the name of an unsourced item's job is the one that airlift makes of its bucket and key, which proves
// them. Other names may come from a manifest or a person, and AiR's list may spell their source in
// another way than the batch's sources do.
func (n Namer) Proves(it *Item) bool {
	own := Item{Bucket: it.Bucket, Key: it.Key}
	if it.Name == "" || n.Name(&own) == it.Name {
		return true
	}
	own.Version = VersionIn(it.Name)
	return own.Version != 0 && n.Name(&own) == it.Name
}

// Spellings returns the object of an item and the name of its job, both as [Alike] returns them. An unsourced item whose
// name does not prove its object may have the job of any item with which it shares one.
func (n Namer) Spellings(it *Item) [2]Object {
	return [2]Object{{Bucket: Alike(it.Bucket), Key: Alike(it.Key)}, {Key: Alike(n.Name(it))}} // the empty bucket marks the name
}

// AlikeReason returns the reason to reject a row whose object the batch does not have, if its bucket and key, or
// its job's name, are [Alike] those of this unsourced item of a batch, whose name does not prove its object: the item's
// job may be the row's.
func AlikeReason(batch string, e *Entry) string {
	has := fmt.Sprintf("batch %q has an item without a row (%s) for %q", batch, e.State, nameIn(&e.Item))
	if e.JobID != "" {
		has = fmt.Sprintf("AiR has job %s of batch %q for %q", e.JobID, batch, nameIn(&e.Item))
	}
	return has + ", which may be this object's in another spelling: compare them. If it is, remove the row; if it is not, submit the object in a batch of its own"
}
