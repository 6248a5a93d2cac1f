package preflight

import (
	"bytes"
	"strings"
	"testing"
)

func TestContradiction(t *testing.T) {
	const (
		png   = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
		jpeg  = "\xff\xd8\xff\xe0\x00\x10JFIF\x00"
		tiff  = "II*\x00\x08\x00\x00\x00"
		pdf   = "%PDF-1.7\n%\xe2\xe3\xcf\xd3"
		wav   = "RIFF\x24\x00\x00\x00WAVEfmt "
		mpeg  = "\x00\x00\x01\xba\x44\x00\x04\x00"
		heic  = "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
		m4a   = "\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom"
		iso   = "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
		phone = "\x00\x00\x00\x18ftyp3gp4\x00\x00\x00\x003gp4mp41"
		avi   = "RIFF\x24\x00\x00\x00AVI LIST\x00\x00\x00\x00hdrl"
		mkv   = "\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska"
		zip   = "PK\x03\x04\x14\x00\x00\x00\x08\x00"
		text  = "Zur Zeit nicht verfügbar.\n"
	)
	for _, c := range []struct{ key, data, says string }{
		{"a.mov", string(film), ""}, {"a.MP4", iso, ""}, {"a.mp4", m4a, ""}, {"a.m4a", iso, ""}, {"a.mp4", phone, ""}, {"a.mov", iso, ""}, {"a.wav", wav, ""},
		{"a.mpeg", mpeg, ""}, {"a.mp3", "ID3\x03\x00\x00", ""}, {"a.mp3", "\xff\xfb\x90\x64\x00\x00", ""}, {"a.mpeg", "ID3\x03\x00", ""},
		{"a.png", png, ""}, {"a.jpg", jpeg, ""}, {"a.jpeg", png, ""}, {"a.tif", tiff, ""}, {"a.gif", "GIF89a\x01\x00", ""}, {"a.bmp", "BM\x46\x00\x00\x00\x00\x00\x00\x00", ""},
		{"a.pdf", pdf, ""}, {"a.pdf", "junk before it\r\n" + pdf, ""},
		// Files that begin like something else by chance.
		{"a.mov", "\x00\x00\x01\x00moov", ""}, {"a.mov", "BM\x00\x00mdat", ""}, {"a.mov", "MZ\x90\x00mdat", ""}, {"a.mov", "\x1f\x8b\x08\x00mdat", ""},
		// What is not known is no contradiction.
		{"a.mp4", "\x01\x02\x03\x04\xfe\xff\x00\x00", ""}, {"a.pdf", strings.Repeat("\x00", 3072), ""}, {"a.wav", "RF64\xff\xff\xff\xffWAVEds64\x00", ""},
		// Names of other types promise nothing.
		{"a.mkv", mkv, ""}, {"a.txt", text, ""}, {"a", png, ""}, {"a.mp4/b", text, ""},

		{"a.mp4", png, "image/png"}, {"a.mov", jpeg, "image/jpeg"}, {"a.mp3", pdf, "application/pdf"}, {"a.jpg", iso, "video/mp4"}, {"a.png", pdf, "application/pdf"},
		{"a.pdf", png, "image/png"}, {"a.pdf", text, "text/plain"}, {"a.mp4", text, "text/plain"}, {"a.wav", "{\"error\": \"no\"}\n", "application/json"},
		{"a.jpg", "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>", "text/xml"}, {"a.png", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>", "image/svg+xml"},
		{"a.jpg", heic, "image/heic"}, {"a.mp4", heic, "image/heic"}, {"a.mp4", avi, "video/x-msvideo"}, {"a.mp4", mkv, "matroska"}, {"a.mov", zip, "application/zip"},
		{"a.jpg", "ID3\x03\x00\x00", "audio/mpeg"}, {"a.wav", "fLaC\x00\x00\x00\x22", "audio/flac"}, {"a.mp3", "OggS\x00\x02", "application/ogg"}, {"a.mp4", "x", "text/plain"},
	} {
		got := contradiction(c.key, []byte(c.data))
		if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s with %.20q: got %q, want %q", c.key, c.data, got, c.says)
		}
	}
}

// Nothing that an object may hold makes the look at it panic.
func FuzzContradiction(f *testing.F) {
	f.Add("a.mov", film)
	f.Add("a.pdf", []byte("%PDF-"))
	f.Add("a.jpg", []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, key string, data []byte) {
		first := contradiction(key, data)
		if again := contradiction(key, bytes.Clone(data)); first != again {
			t.Errorf("%q, then %q", first, again)
		}
	})
}
