package joblist

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"airlift/queue"
	"airlift/worker/air"
)

// A list may spell a source differently than it was sent: the key in another Unicode normal form or without its
// leading slash, or no bucket.

// sameSource reports whether the listed source is the object, and similarSource whether it is, or differs only in the
// way in which it is written.
func sameSource(s air.Source, bucket, key string) bool {
	return s.Bucket == bucket && s.ObjectKey == key
}

func similarSource(s air.Source, bucket, key string) bool {
	return (s.Bucket == bucket || s.Bucket == "") && plainKey(s.ObjectKey) == plainKey(key)
}

func plainKey(key string) string { return norm.NFC.String(strings.TrimPrefix(key, "/")) }

// plainName returns a name or Batch id without what a server may change in it: as [queue.Alike] does, and without the
// punctuation between words.
func plainName(s string) string { return strings.ReplaceAll(queue.Alike(s), "_", "") }

// objectsLike returns the other objects of a bucket that a listed source may be a spelling of.
func objectsLike(s air.Source, bucket string) []queue.Object {
	var like []queue.Object
	seen := map[string]bool{}
	bare := strings.TrimPrefix(s.ObjectKey, "/")
	for _, key := range []string{s.ObjectKey, norm.NFC.String(bare), norm.NFD.String(bare), bare} {
		for _, key := range []string{key, "/" + strings.TrimPrefix(key, "/")} {
			if !seen[key] && (key != s.ObjectKey || s.Bucket == "") {
				like = append(like, queue.Object{Bucket: bucket, Key: key})
			}
			seen[key] = true
		}
	}
	return like
}
