package preflight

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// movie is a film that the tests make, by the standards that container.go names.
type movie struct {
	ext       string // "mp4" or "mov"
	tracks    [][]byte
	last      bool // the moov stands behind the media
	wide      bool // the moov and the media have 64-bit sizes
	fragments bool
	media     int // bytes
}

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func be16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

func box(kind string, content ...[]byte) []byte {
	all := slices.Concat(content...)
	return slices.Concat(be32(uint32(8+len(all))), []byte(kind), all)
}

func wideBox(kind string, content ...[]byte) []byte {
	all := slices.Concat(content...)
	return slices.Concat(be32(1), []byte(kind), binary.BigEndian.AppendUint64(nil, uint64(16+len(all))), all)
}

// trak makes a track with tables of so many bytes behind its sample description.
func trak(handler string, enabled bool, tables int, entries ...[]byte) []byte {
	flags := uint32(0)
	if enabled {
		flags = 1
	}
	return box("trak",
		box("tkhd", be32(flags), make([]byte, 80)),
		box("edts", box("elst", make([]byte, 20))),
		box("mdia",
			box("mdhd", make([]byte, 24)),
			box("hdlr", make([]byte, 8), []byte(handler), make([]byte, 13)),
			box("minf",
				box("vmhd", make([]byte, 12)),
				box("stbl", box("stsd", be32(0), be32(uint32(len(entries))), slices.Concat(entries...)), box("stsz", make([]byte, tables))))))
}

func video(fourCC string, more ...[]byte) []byte {
	return box(fourCC, slices.Concat(append([][]byte{make([]byte, 78)}, more...)...))
}

func sound(channels uint16) []byte {
	return box("mp4a", make([]byte, 16), be16(channels), make([]byte, 10))
}

// esds is an elementary stream descriptor with that type.
func esds(objectType byte) []byte {
	config := append([]byte{0x04, 13, objectType}, make([]byte, 12)...)
	return box("esds", be32(0), append([]byte{0x03, byte(3 + len(config)), 0, 1, 0}, config...))
}

// bytes writes the film. It plays 90 seconds.
func (m movie) bytes() []byte {
	wrap := box
	if m.wide {
		wrap = wideBox
	}
	head := box("ftyp", []byte("isom"), be32(0), []byte("isommp42"))
	if m.ext == "mov" {
		head = slices.Concat(box("ftyp", []byte("qt  "), be32(0), []byte("qt  ")), box("wide"))
	}
	duration := uint32(90 * 600)
	content := [][]byte{nil}
	content = append(content, m.tracks...)
	if m.fragments {
		duration = 0
		content = append(content, box("mvex", box("mehd", be32(0), be32(90*600)), box("trex", make([]byte, 24))))
	}
	content[0] = box("mvhd", make([]byte, 12), be32(600), be32(duration), make([]byte, 80))
	moov, mdat := wrap("moov", content...), wrap("mdat", make([]byte, m.media))
	switch {
	case m.fragments:
		return slices.Concat(head, moov, box("moof", box("mfhd", make([]byte, 8))), mdat)
	case m.last:
		return slices.Concat(head, mdat, moov)
	}
	return slices.Concat(head, moov, mdat)
}

// read reads a film as Check does, and says how many further requests it took.
func read(t *testing.T, data []byte) (reason string, media Media, gets int) {
	t.Helper()
	return readSparse(t, int64(len(data)), func(at, n int64) []byte { return data[at:min(at+n, int64(len(data)))] })
}

func readSparse(t testing.TB, size int64, get func(at, n int64) []byte) (reason string, media Media, gets int) {
	t.Helper()
	total := int64(containerBytes)
	reason, media, err := readContainer(newRanged(get(0, containerBytes), size, func(at, n int64) ([]byte, error) {
		gets++
		total += n
		if at < 0 || n <= 0 || at+n > size {
			t.Errorf("a request for %d bytes at %d of %d", n, at, size)
		}
		return get(at, n), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if gets > maxGets-1 || total > maxBytes {
		t.Errorf("%d further requests, %d bytes in all: want at most %d and %d", gets, total, maxGets-1, maxBytes)
	}
	return reason, media, gets
}

var filmCodecs = map[string]struct {
	entry []byte
	is    string // named in the reason; "" if AiR may read it
}{
	"H.264":   {video("avc1", box("avcC", make([]byte, 30))), ""},
	"H.265":   {video("hvc1", box("hvcC", make([]byte, 30))), ""},
	"unknown": {video("zzzz"), ""},
	"ProRes":  {video("apch"), "ProRes 422 HQ (apch)"},
	"DNxHD":   {video("AVdn"), "DNxHD (AVdn)"},
	"MPEG-2":  {video("mp4v", esds(0x61)), "MPEG-2 (mp4v)"},
	"MJPEG":   {video("jpeg"), "MJPEG (jpeg)"},
	"AV1":     {video("av01", box("av1C", make([]byte, 4))), "AV1 (av01)"},
}

// The golden films: each codec, the moov before or behind the media, as .mov and .mp4.
func TestCodecs(t *testing.T) {
	for name, c := range filmCodecs {
		for _, ext := range []string{"mov", "mp4"} {
			for _, last := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s.%s, moov last %v", name, ext, last), func(t *testing.T) {
					m := movie{ext: ext, last: last, media: 100_000, tracks: [][]byte{
						trak("vide", true, 2000, c.entry), trak("soun", true, 2000, sound(2)), trak("soun", true, 500, sound(6)), trak("tmcd", true, 0, box("tmcd", make([]byte, 26))),
					}}
					for _, m.wide = range []bool{false, true} {
						reason, media, gets := read(t, m.bytes())
						if (reason == "") != (c.is == "") || !strings.Contains(reason, c.is) {
							t.Errorf("wide %v: got %q, want %q in it", m.wide, reason, c.is)
						}
						if media != (Media{90 * time.Second, 8}) {
							t.Errorf("wide %v: got %+v, want 90 s and 8 channels", m.wide, media)
						}
						if want := map[bool]int{false: 0, true: 1}[last]; gets != want {
							t.Errorf("wide %v: %d further requests, want %d", m.wide, gets, want)
						}
					}
				})
			}
		}
	}
}

func TestFragments(t *testing.T) {
	m := movie{ext: "mp4", fragments: true, media: 1000, tracks: [][]byte{trak("vide", true, 0, video("vp09")), trak("soun", true, 0, sound(1))}}
	reason, media, gets := read(t, m.bytes())
	if !strings.Contains(reason, "VP9 (vp09)") || media != (Media{90 * time.Second, 1}) || gets != 0 {
		t.Errorf("got %q, %+v, %d requests", reason, media, gets)
	}
}

// Of two codecs one that AiR may read is enough, and a cover is no film.
func TestTracks(t *testing.T) {
	prores, h264 := video("apcn"), video("avc1")
	const big = 400_000 // tables beyond what one request gets
	for name, tt := range map[string]struct {
		tracks [][]byte
		is     string
		media  Media
	}{
		"H.264 second":                 {[][]byte{trak("vide", true, 0, prores), trak("vide", true, 0, h264)}, "", Media{Duration: 90 * time.Second}},
		"H.264 as the second entry":    {[][]byte{trak("vide", true, 0, prores, h264)}, "", Media{Duration: 90 * time.Second}},
		"two others":                   {[][]byte{trak("vide", true, 0, prores), trak("vide", true, 0, video("jpeg"))}, "ProRes 422 (apcn) and MJPEG (jpeg)", Media{Duration: 90 * time.Second}},
		"sound alone":                  {[][]byte{trak("soun", true, 0, sound(2))}, "", Media{90 * time.Second, 2}},
		"no track":                     {nil, "", Media{Duration: 90 * time.Second}},
		"sound far behind":             {[][]byte{trak("vide", true, big, prores), trak("soun", true, 0, sound(2))}, "ProRes 422 (apcn)", Media{90 * time.Second, 2}},
		"sound before":                 {[][]byte{trak("soun", true, big, sound(2)), trak("vide", true, big, prores)}, "ProRes 422 (apcn)", Media{90 * time.Second, 2}},
		"too much, ProRes first":       {[][]byte{trak("vide", true, big, prores), trak("soun", true, big, sound(2)), trak("soun", true, big, sound(2)), trak("vide", true, big, h264)}, "ProRes 422 (apcn)", Media{Duration: 90 * time.Second}},
		"too much, a cover first":      {[][]byte{trak("vide", true, big, video("jpeg")), trak("soun", true, big, sound(2)), trak("soun", true, big, sound(2)), trak("vide", true, big, h264)}, "", Media{Duration: 90 * time.Second}},
		"too much, a disabled ProRes":  {[][]byte{trak("vide", false, big, prores), trak("soun", true, big, sound(2)), trak("soun", true, big, sound(2)), trak("vide", true, big, h264)}, "", Media{Duration: 90 * time.Second}},
		"MPEG-4 Visual":                {[][]byte{trak("vide", true, 0, video("mp4v", esds(0x20)))}, "MPEG-4 Visual (mp4v)", Media{Duration: 90 * time.Second}},
		"H.264 in mp4v":                {[][]byte{trak("vide", true, 0, video("mp4v", esds(0x21)))}, "", Media{Duration: 90 * time.Second}},
		"mp4v without esds":            {[][]byte{trak("vide", true, 0, video("mp4v"))}, "", Media{Duration: 90 * time.Second}},
		"encrypted":                    {[][]byte{trak("vide", true, 0, video("encv"))}, "", Media{Duration: 90 * time.Second}},
		"Dolby Vision or DVCPRO HD":    {[][]byte{trak("vide", true, 0, video("dvh1"))}, "", Media{Duration: 90 * time.Second}},
		"a name that ends in a space":  {[][]byte{trak("vide", true, 0, video("rle "))}, "Animation (rle)", Media{Duration: 90 * time.Second}},
		"QuickTime sound of version 2": {[][]byte{trak("soun", true, 0, box("lpcm", make([]byte, 8), be16(2), make([]byte, 6), be16(3), make([]byte, 22), be32(12), make([]byte, 20)))}, "", Media{90 * time.Second, 12}},
	} {
		t.Run(name, func(t *testing.T) {
			m := movie{ext: "mov", tracks: tt.tracks}
			reason, media, _ := read(t, m.bytes())
			if (reason == "") != (tt.is == "") || !strings.Contains(reason, tt.is) || media != tt.media {
				t.Errorf("got %q, %+v; want %q, %+v", reason, media, tt.is, tt.media)
			}
		})
	}
}

// The moov of a film of 5 TB is found behind its media.
func TestLargeFile(t *testing.T) {
	const size int64 = 5 << 40
	m := movie{ext: "mov", tracks: [][]byte{trak("vide", true, 100_000, video("apch"))}}.bytes()
	moov := m[28 : len(m)-8]
	if string(moov[4:8]) != "moov" {
		t.Fatalf("got %q", moov[4:8])
	}
	head := slices.Concat(m[:28], be32(1), []byte("mdat"), binary.BigEndian.AppendUint64(nil, uint64(size-28-int64(len(moov)))))
	reason, media, gets := readSparse(t, size, func(at, n int64) []byte {
		out := make([]byte, n)
		if at == 0 {
			copy(out, head)
		}
		if begins := size - int64(len(moov)); at+n > begins {
			copy(out[max(0, begins-at):], moov[max(0, at-begins):])
		}
		return out
	})
	if !strings.Contains(reason, "ProRes") || media.Duration != 90*time.Second || gets != 1 {
		t.Errorf("got %q, %+v, %d requests", reason, media, gets)
	}
}

// Cut anywhere, a film gives the same reason or none, and never a failure.
func TestTruncated(t *testing.T) {
	for _, last := range []bool{false, true} {
		m := movie{ext: "mp4", last: last, media: 300, tracks: [][]byte{trak("vide", true, 20, video("mp4v", esds(0x61))), trak("soun", true, 20, sound(2))}}
		data := m.bytes()
		want, _, _ := read(t, data)
		found := 0
		for n := range data {
			reason, _, _ := read(t, data[:n])
			if reason != "" && reason != want {
				t.Fatalf("cut at %d: got %q", n, reason)
			}
			if reason != "" {
				found++
			}
		}
		if (found > 0) == last {
			t.Errorf("moov last %v: %d cut films have a reason; want some only if the media alone were cut", last, found)
		}
	}
}

// Boxes whose sizes are wrong are no reason, wherever they are.
func TestCutBoxes(t *testing.T) {
	good := movie{ext: "mp4", tracks: [][]byte{trak("vide", true, 20, video("apch")), trak("soun", true, 20, sound(2))}}.bytes()
	for _, kind := range []string{"moov", "trak", "mdia", "minf", "stbl", "stsd", "apch", "mp4a"} {
		at := strings.Index(string(good), kind) - 4
		for _, size := range []uint32{1, 2, 7, binary.BigEndian.Uint32(good[at:]) + 4000, 1<<32 - 1} {
			data := slices.Clone(good)
			copy(data[at:], be32(size))
			if reason, _, _ := read(t, data); reason != "" {
				t.Errorf("%s of size %d: got %q", kind, size, reason)
			}
		}
	}
	endless := movie{ext: "mov", tracks: [][]byte{slices.Concat(slices.Repeat([][]byte{box("free")}, 50_000)...)}}.bytes()
	if reason, media, _ := read(t, endless); reason != "" || media != (Media{}) {
		t.Errorf("50,000 boxes: got %q, %+v", reason, media)
	}
}

// Whatever the bytes are, reading them ends, within what an object may cost.
func FuzzContainer(f *testing.F) {
	for _, c := range filmCodecs {
		for _, last := range []bool{false, true} {
			f.Add(movie{ext: "mov", last: last, wide: last, media: 30, tracks: [][]byte{trak("vide", true, 8, c.entry), trak("soun", true, 8, sound(2))}}.bytes())
		}
	}
	f.Add(movie{ext: "mp4", fragments: true}.bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		reason, media, _ := readSparse(t, int64(len(data)), func(at, n int64) []byte { return data[at:min(at+n, int64(len(data)))] })
		if media.Duration < 0 || media.Channels < 0 || reason != "" && !strings.HasPrefix(reason, "its video is ") {
			t.Errorf("got %q, %+v", reason, media)
		}
	})
}
