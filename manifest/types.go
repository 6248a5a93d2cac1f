package manifest

import "strings"

// AiRTypes gives the file extensions, lower case and with their dot, that AiR
// reads according to its pages (which disagree on .mpeg).
func AiRTypes() []string {
	return []string{
		".mp4", ".mov", ".mpeg",
		".wav", ".mp3", ".m4a",
		".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff",
		".pdf",
	}
}

// extension gives the ending of a key's last part, from its last dot, in lower
// case; "" if it has none. A part that begins with its only dot (".mp4") has one.
func extension(key string) string {
	i := strings.LastIndexAny(key, "./")
	if i < 0 || key[i] == '/' {
		return ""
	}
	return strings.ToLower(key[i:])
}
