package preflight

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A film on the server is read by few requests for parts, and by more than two only where it is necessary.
func TestCheckReadsTheCodec(t *testing.T) {
	prores := movie{ext: "mov", last: true, media: 50_000, tracks: [][]byte{trak("vide", true, 300_000, video("apch")), trak("soun", true, 0, sound(2))}}
	h264 := movie{ext: "mp4", media: 300_000, tracks: [][]byte{trak("vide", true, 100, video("avc1")), trak("soun", true, 0, sound(2))}}
	s := newServer(t)
	s.Put("archive", "prores.MOV", prores.bytes())
	s.Put("archive", "h264.mp4", h264.bytes())
	s.Put("archive", "prores.mxf", prores.bytes())
	for key, want := range map[string]struct {
		reason   string
		media    Media
		requests int
	}{
		"prores.MOV": {"its video is ProRes 422 HQ (apch), and of .mp4 and .mov AiR reads H.264 and H.265 only", Media{90 * time.Second, 2}, 4},
		"h264.mp4":   {"", Media{90 * time.Second, 2}, 2},
		"prores.mxf": {"", Media{}, 2},
	} {
		before := len(s.Requests())
		found, err := newChecker(t, s).Check(t.Context(), "archive", key)
		if err != nil || found.Reason != want.reason || found.Media != want.media {
			t.Errorf("%s: got %+v, %v; want %q, %+v", key, found, err, want.reason, want.media)
		}
		if got := len(s.Requests()) - before; got != want.requests {
			t.Errorf("%s: %d requests, want %d", key, got, want.requests)
		}
	}
}

// Trouble with a further part is waited out as with the first, and if it stays nothing is known.
func TestTroubleWithAFurtherPart(t *testing.T) {
	film := movie{ext: "mov", last: true, media: 50_000, tracks: [][]byte{trak("vide", true, 0, video("AVdn"))}}.bytes()
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, n int) bool // whether it answered the n-th request for a further part
		reason bool
		err    bool
	}{
		"it works":         {func(http.ResponseWriter, int) bool { return false }, true, false},
		"503 once":         {func(w http.ResponseWriter, n int) bool { return n == 1 && fail(w, 503, "SlowDown") }, true, false},
		"503 for ever":     {func(w http.ResponseWriter, _ int) bool { return fail(w, 503, "SlowDown") }, false, true},
		"gone meanwhile":   {func(w http.ResponseWriter, _ int) bool { return fail(w, 404, "NoSuchKey") }, false, false},
		"a wrong size":     {func(w http.ResponseWriter, _ int) bool { return fail(w, 416, "InvalidRange") }, false, false},
		"ranges forgotten": {func(w http.ResponseWriter, _ int) bool { return whole(w, film) }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.Put("archive", "film.mov", film)
			n := 0
			server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && !strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
					if n++; c.answer(w, n) {
						return
					}
				}
				s.ServeHTTP(w, r)
			})
			synctest.Test(t, func(t *testing.T) {
				found, err := newChecker(t, server).Check(t.Context(), "archive", "film.mov")
				if (err != nil) != c.err || (found.Reason != "") != c.reason {
					t.Errorf("got %+v, %v", found, err)
				}
			})
		})
	}
}

func fail(w http.ResponseWriter, status int, code string) bool {
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<Error><Code>" + code + "</Code></Error>"))
	return true
}

func whole(w http.ResponseWriter, film []byte) bool {
	w.Header().Set("Content-Length", strconv.Itoa(len(film)))
	_, _ = w.Write(film)
	return true
}

// Parts of two objects, of which one took the other's place meanwhile, are no film.
func TestReplacedMeanwhile(t *testing.T) {
	film := movie{ext: "mov", last: true, media: 50_000, tracks: [][]byte{trak("vide", true, 0, video("AVdn"))}}.bytes()
	s := newServer(t)
	s.Put("archive", "film.mov", film)
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && !strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
			s.Put("archive", "film.mov", append(film[:len(film):len(film)], 1))
		}
		s.ServeHTTP(w, r)
	})
	if got := newChecker(t, server).mustCheck(t.Context(), t, "film.mov"); got != "" {
		t.Errorf("got %q", got)
	}
}
