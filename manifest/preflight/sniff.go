package preflight

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"airlift/manifest/entry"
)

// Families of types. Sound and moving pictures are one: they share their containers.
const (
	media    = "media"
	image    = "image"
	document = "document"
	foreign  = "foreign" // what AiR does not read
)

// families holds the types whose first bytes are beyond doubt. Of the others
// that the detector names, many go by two bytes or by none.
var families = map[string][]string{
	media: {
		"video/mp4", "video/quicktime", "video/x-m4v", "video/3gpp", "video/3gpp2", "audio/mp4", "audio/x-m4a", "video/mpeg", "audio/wav",
	},
	image:    {"image/png", "image/apng", "image/jpeg", "image/gif", "image/bmp", "image/tiff"},
	document: {"application/pdf"},
	foreign: {
		"image/webp", "image/heic", "image/heic-sequence", "image/heif", "image/heif-sequence", "image/avif", "image/jxl", "image/jp2",
		"image/vnd.adobe.photoshop", "audio/flac", "application/ogg", "audio/ogg", "video/ogg", "audio/aiff", "audio/midi", "video/x-msvideo",
		"video/webm", "video/matroska", "video/x-flv", "video/x-ms-asf", "application/zip", "application/x-7z-compressed",
		"application/vnd.rar", "application/gzip", "application/x-xz", "application/zstd", "application/x-ole-storage",
		"application/postscript", "application/x-elf", "application/vnd.sqlite3",
	},
}

// contradiction returns a reason if the object's first bytes are certainly not what its name says: a type that AiR does
// not read, or one of another family. A picture of one type under the name of another is AiR's to read. Names of a type
// that AiR does not read promise nothing.
func contradiction(key string, data []byte) string {
	promised := ""
	switch entry.ClassOf(key) {
	case "video", "audio":
		promised = media
	case "image":
		promised = image
	case "document":
		promised = document
	default:
		return ""
	}
	name, family := detect(data)
	if family == "" || family == promised || promised == document && bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return ""
	}
	return fmt.Sprintf("its first bytes are %s, which %q does not say", name, path.Ext(key))
}

// detect names the type of the bytes and its family, "" if that is not certain.
func detect(data []byte) (name, family string) {
	if atom(data) {
		return "video/quicktime", media
	}
	if bytes.HasPrefix(data, []byte("ID3")) {
		return "audio/mpeg", media
	}
	found := mimetype.Detect(data)
	name, _, _ = strings.Cut(found.String(), ";")
	for m := found; m != nil; m = m.Parent() {
		if m.Is("text/plain") {
			return name, foreign
		}
		for family, types := range families {
			if slices.ContainsFunc(types, m.Is) {
				return name, family
			}
		}
	}
	return name, ""
}

// atom reports whether data is a QuickTime file that begins without "ftyp" (QuickTime File Format,
// "Atoms"): its first bytes are a size, which may look like anything.
func atom(data []byte) bool {
	if len(data) < 8 {
		return false
	}
	switch string(data[4:8]) {
	case "moov", "mdat", "wide", "free", "skip", "pnot":
		return true
	}
	return false
}
