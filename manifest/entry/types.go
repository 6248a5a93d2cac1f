package entry

import (
	"maps"
	"slices"
	"strings"
)

// classes are the media classes with the file extensions, lower case and with
// their dot, that AiR reads according to its pages (which disagree on .mpeg).
var classes = []struct {
	name       string
	extensions []string
}{
	{"video", []string{".mp4", ".mov", ".mpeg"}},
	{"audio", []string{".wav", ".mp3", ".m4a"}},
	{"image", []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"}},
	{"document", []string{".pdf"}},
}

// AiRTypes returns the file extensions, lower case and with their dot, that AiR reads.
func AiRTypes() []string {
	var all []string
	for _, c := range classes {
		all = append(all, c.extensions...)
	}
	return all
}

// Classes returns the names of the media classes: video, audio, image, document.
func Classes() []string {
	var all []string
	for _, c := range classes {
		all = append(all, c.name)
	}
	return all
}

// ClassOf returns the media class of a key by its extension, "" if it has none that AiR reads.
func ClassOf(key string) string {
	ext := Extension(key)
	for _, c := range classes {
		if slices.Contains(c.extensions, ext) {
			return c.name
		}
	}
	return ""
}

// Extensions returns the file extensions, sorted, lower case and with their dot, that a list of types names: media
// classes and extensions, as in filter.Config.Types. Its errors are ErrUsage.
func Extensions(types []string) ([]string, error) {
	wanted, err := parseTypes(types)
	return slices.Sorted(maps.Keys(wanted)), err
}

// parseTypes returns the extensions that a list of types names: classes, extensions that AiR reads (with or without
// dot, any case), and others with their dot. Any other word is probably a mistake, and would leave everything out.
func parseTypes(list []string) (map[string]bool, error) {
	wanted := map[string]bool{}
	for _, t := range list {
		word := strings.ToLower(strings.TrimSpace(t))
		dotted := "." + strings.TrimPrefix(word, ".")
		i := slices.Index(Classes(), word)
		switch {
		case i >= 0:
			for _, ext := range classes[i].extensions {
				wanted[ext] = true
			}
		case dotted == "." || strings.ContainsAny(dotted[1:], "./*"):
			return nil, Usagef("type %q is not a file extension; write for example mp4, or one of %s", t, strings.Join(Classes(), ", "))
		case dotted != word && !slices.Contains(AiRTypes(), dotted):
			return nil, Usagef("type %q is none of %s, and no extension that AiR reads; to take it all the same write %s",
				t, strings.Join(Classes(), ", "), dotted)
		default:
			wanted[dotted] = true
		}
	}
	return wanted, nil
}

// Extension returns the ending of a key's last part, of any length, from its last dot, in lower case; "" if it has
// none. A part that begins with its only dot (".mp4") has one.
func Extension(key string) string {
	i := strings.LastIndexAny(key, "./")
	if i < 0 || key[i] == '/' {
		return ""
	}
	return strings.ToLower(key[i:])
}

// Archived reports whether objects of a storage class must be restored before they can be read (Amazon S3 User Guide,
// "Understanding S3 storage classes": GLACIER_IR is read at once).
func Archived(class string) bool { return class == "GLACIER" || class == "DEEP_ARCHIVE" }
