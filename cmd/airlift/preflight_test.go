package main

import (
	bigendian "encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/manifest/s3test"
	"airlift/worker/air/airtest"
)

// movie is how a QuickTime file begins.
var movie = []byte("\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  \x00\x00\x00\x08wide\x00\x01\x00\x00mdat")

// looked counts the requests for objects so far.
func looked(s *s3test.Server) int {
	n := 0
	for _, request := range s.Requests() {
		if !strings.Contains(request, "list-type") {
			n++
		}
	}
	return n
}

// What cannot work is rejected with its line and the reason, gets no job, and is looked at again next time; what the
// batch has is not.
func TestPreflight(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	var csv strings.Builder
	csv.WriteString("bucket,key,note\n")
	var good []string
	for i := range 300 {
		key := fmt.Sprintf("reels/%03d +%%.mov", i)
		good = append(good, key)
		s3.Put("archive", key, movie)
		fmt.Fprintf(&csv, "archive,%s,%d\n", key, i)
	}
	for _, key := range []string{"denied.mov", "cold.mov"} {
		s3.Put("archive", key, movie)
	}
	s3.Put("archive", "empty.mov", nil)
	s3.Put("archive", "page.mp4", []byte("<html><body>Gone</body></html>"))
	s3.FailObject("archive", "denied.mov", s3test.AccessDenied, -1)
	s3.Describe("archive", "cold.mov", time.Now(), "DEEP_ARCHIVE")
	csv.WriteString("archive,missing.mov,x\narchive,denied.mov,x\narchive,empty.mov,x\narchive,cold.mov,x\narchive,page.mp4,x\nnosuch,a.mov,x\n")
	m := r.file("m.csv", csv.String())
	args := []string{"run", m, "--preflight", "--preflight-rate", "unlimited"}

	// A plan looks too, and stores nothing.
	r.run(append(args, "--dry-run")...).want(t, exit.Incomplete).says(t, "306 = 300 added", "6 rejected", "preflight: zero bytes")
	r.noQueue()
	r.run(append(args, "--strict")...).want(t, exit.Usage).says(t, "line 304", "preflight: zero bytes")
	r.unsent()

	r.run(args...).want(t, exit.Incomplete).says(t,
		`line 302 "missing.mov": preflight: missing: there is no such object`, `line 303 "denied.mov": preflight: unreadable: access is denied`,
		`line 304 "empty.mov": preflight: zero bytes`, `line 305 "cold.mov": preflight: archived`, `line 306 "page.mp4": preflight: its first bytes are text/html`,
		`line 307 "a.mov": preflight: missing: there is no such bucket`)
	r.submittedKeys(good...)
	r.settled(300)
	r.status().books(t, 300, 0, 0, 6, 0)
	rows := r.report(r.status().Batch)
	for i, row := range rows[:300] {
		if row["key"] != good[i] {
			t.Fatalf("row %d: got %q, want %q: the order is lost", i, row["key"], good[i])
		}
	}
	if i := slices.IndexFunc(rows, func(row map[string]string) bool { return row["key"] == "missing.mov" }); i < 0 || rows[i]["state"] != "rejected" || rows[i]["note"] != "x" {
		t.Errorf("missing.mov in the report: row %d of %d", i, len(rows))
	}

	before := looked(s3)
	s3.Put("archive", "missing.mov", movie)
	r.run(args...).want(t, exit.Incomplete).says(t, "306 = 1 added + 300 known + 0 duplicates + 5 rejected")
	if n := looked(s3) - before; n > 12 {
		t.Errorf("the second night made %d requests for 6 new objects", n)
	}
	r.settled(301)
}

// Of what the batch has only changed objects are looked at, and of what another batch sent none.
func TestPreflightOfANight(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	for i := range 50 {
		s3.Put("archive", fmt.Sprintf("%02d.mov", i), movie)
	}
	r.run("run", "s3://archive/", "--batch", "first").want(t, exit.OK)
	args := []string{"run", "s3://archive/", "--changed", "--preflight", "--preflight-rate", "unlimited", "--batch"}
	s3.Put("archive", "07.mov", append(slices.Clone(movie), 1))
	s3.Put("archive", "08.mov", []byte("by mistake"))
	r.run(append(args, "first")...).want(t, exit.Incomplete).says(t, "50 = 1 added + 48 known + 0 duplicates + 1 rejected", `"08.mov": preflight: its first bytes are text/plain`)
	if n := looked(s3); n != 4 {
		t.Errorf("%d requests for two objects that changed, want 4", n)
	}
	s3.Put("archive", "new.mov", movie)
	r.run(append(args, "second", "--since-batch", "first")...).want(t, exit.Incomplete).says(t, "1 added", "49 skipped: in batch first", "1 rejected")
	if n := looked(s3); n != 8 {
		t.Errorf("%d requests, want 4 more", n)
	}
	if n := r.air.Accepted(); n != 52 {
		t.Errorf("%d jobs, want 52", n)
	}
}

// Trouble that passes costs time only. Trouble that stays takes nothing unchecked, loses nothing and is no missing object.
func TestPreflightInTrouble(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	for i := range 40 {
		s3.Put("archive", fmt.Sprintf("%02d.mov", i), movie)
	}
	s3.FailObject("archive", "07.mov", s3test.SlowDown, 2)
	s3.FailObject("archive", "09.mov", s3test.InternalError, -1)
	args := []string{"run", "s3://archive/", "--preflight", "--preflight-rate", "unlimited"}
	r.run(args...).want(t, exit.Incomplete).says(t, `"09.mov": preflight: could not be checked`, "run the same command again")
	r.settled(39)
	s3.FailObject("archive", "09.mov", s3test.NoFault, 0)
	r.run(args...).want(t, exit.OK)
	r.settled(40)

	// A whole server in trouble ends the reading, which the next run completes.
	for i := range 60 {
		s3.Put("archive", fmt.Sprintf("later/%02d.mov", i), movie)
		s3.FailObject("archive", fmt.Sprintf("later/%02d.mov", i), s3test.SlowDown, -1)
	}
	r.run(args...).want(t, exit.Incomplete).says(t, "preflight: the server has trouble (HTTP status 503)", "incomplete", "run the same command again later")
	r.settled(40)
	for i := range 60 {
		s3.FailObject("archive", fmt.Sprintf("later/%02d.mov", i), s3test.NoFault, 0)
	}
	r.run(args...).want(t, exit.OK)
	r.settled(100)
}

// The exit code is the same if the trouble is there from the first object on: rows were read, and rejected.
func TestPreflightInTroubleFromTheFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	for i := range 20 {
		key := fmt.Sprintf("%02d.mov", i)
		s3.Put("archive", key, movie)
		s3.FailObject("archive", key, s3test.SlowDown, -1)
	}
	r.run("run", "s3://archive/", "--preflight", "--preflight-rate", "unlimited").want(t, exit.Incomplete).
		says(t, "19 rejected", "the latest reading is incomplete", "the server has trouble (HTTP status 503)")
	r.unsent()
}

// A wrong setting is found by the first objects; the keys go to no other server than that of the settings.
func TestPreflightSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3, other := r.withS3(), s3test.New(t)
	m := r.file("m.csv", "bucket,key,endpoint\narchive,a.mov,\narchive,b.mov,"+other.URL+"\narchive,c.mov,"+strings.ToUpper(s3.URL)+"\n")
	for _, key := range []string{"a.mov", "b.mov", "c.mov"} {
		s3.Put("archive", key, movie)
		other.Put("archive", key, movie)
	}
	args := []string{"run", m, "--preflight"}
	r.run(args...).want(t, exit.Incomplete).says(t, `line 3 "b.mov": preflight: its row names another S3 server`, strings.TrimPrefix(other.URL, "http://"))
	r.submittedKeys("a.mov", "c.mov")
	if n := len(other.Requests()); n != 0 {
		t.Errorf("the other server got %d requests", n)
	}

	more := r.manifest("more.csv", 500)
	s3.SetAccessKey("another")
	before := looked(s3)
	r.run("run", more, "--preflight").want(t, exit.Unexpected).says(t, "preflight: the access key is not known", "WASABI_ACCESS_KEY")
	if n := looked(s3) - before; n > 300 {
		t.Errorf("%d requests with a wrong key", n)
	}
	r.submittedKeys("a.mov", "c.mov")

	r.run("run", more, "--preflight", "--preflight-rate", "x").want(t, exit.Usage).says(t, "--preflight-rate")
	r.setenv("WASABI_ACCESS_KEY", "")
	r.setenv("WASABI_SECRET_KEY", "")
	r.setenv("AIRLIFT_SOURCE_REGION", "")
	r.run("enqueue", more, "--preflight").want(t, exit.Usage).says(t, "--source-region", "WASABI_ACCESS_KEY")
}

// A signal ends the looking at once; what was looked at is kept, and the next run goes on.
func TestPreflightInterrupted(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	for i := range 20 {
		s3.Put("archive", fmt.Sprintf("%02d.mov", i), movie)
	}
	p := r.start("run", "s3://archive/", "--preflight", "--preflight-rate", "10/s")
	eventually(t, "there are jobs while objects are looked at", func() bool { return r.air.Accepted() > 3 })
	p.signal(syscall.SIGINT)
	p.wait().want(t, exit.WorkLeft)
	if n := looked(s3); n >= 40 {
		t.Errorf("all objects were looked at in spite of the signal")
	}
	r.run("run", "s3://archive/", "--preflight", "--preflight-rate", "unlimited").want(t, exit.OK)
	r.settled(20)
}

// film is a QuickTime file that plays a minute and a half, of one video track of that codec and a stereo track.
func film(codec string) []byte {
	box := func(kind string, content ...[]byte) []byte {
		all := slices.Concat(content...)
		return slices.Concat(bigendian.BigEndian.AppendUint32(nil, uint32(8+len(all))), []byte(kind), all)
	}
	track := func(handler, entry string, size int) []byte {
		description := make([]byte, size)
		description[17] = 2 // audio channels
		return box("trak", box("tkhd", make([]byte, 3), []byte{1}, make([]byte, 80)), box("mdia",
			box("hdlr", make([]byte, 8), []byte(handler), make([]byte, 12)),
			box("minf", box("stbl", box("stsd", make([]byte, 7), []byte{1}, box(entry, description))))))
	}
	duration := append(bigendian.BigEndian.AppendUint32(nil, 1000), bigendian.BigEndian.AppendUint32(nil, 90_000)...)
	return slices.Concat(box("ftyp", []byte("qt  \x00\x00\x00\x00qt  ")), box("mdat", make([]byte, 30_000)),
		box("moov", box("mvhd", make([]byte, 12), duration, make([]byte, 80)), track("vide", codec, 78), track("soun", "mp4a", 28)))
}

// A codec that AiR does not read is rejected by its name, and the plan tells how long the rest plays.
func TestPreflightOfCodecs(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	s3.Put("archive", "a.mov", film("avc1"))
	s3.Put("archive", "b.MP4", film("hvc1"))
	s3.Put("archive", "c.mov", movie)
	s3.Put("archive", "prores.mov", film("apch"))
	s3.Put("archive", "dnx.mov", film("AVdn"))
	args := []string{"s3://archive/", "--preflight", "--preflight-rate", "unlimited", "--batch", "b"}
	saved := filepath.Join(r.dir, "saved.csv")
	r.run(append([]string{"plan", "--save", saved}, args...)...).want(t, exit.Incomplete).says(t,
		`"prores.mov": preflight: its video is ProRes 422 HQ (apch), and of .mp4 and .mov AiR reads H.264 and H.265 only`, `"dnx.mov": preflight: its video is DNxHD (AVdn)`,
		"duration   3 minutes, of 2 items whose duration is known", "AUDIO CHANNELS")
	if text, err := os.ReadFile(saved); err != nil || !strings.Contains(string(text), "duration,audio_channels\n") || !strings.Contains(string(text), ",90.000,2\n") {
		t.Errorf("saved: %v\n%s", err, text)
	}
	var got struct {
		Minutes       float64
		Timed         int64
		AudioChannels []struct{ Channels, Items int64 } `json:"audio_channels"`
		New           int64
	}
	out := r.run(append([]string{"plan", "--json"}, args...)...).want(t, exit.Incomplete).stdout
	if err := json.Unmarshal([]byte(out), &got); err != nil || got.Minutes != 3 || got.Timed != 2 || got.New != 3 || len(got.AudioChannels) != 1 || got.AudioChannels[0].Channels != 2 || got.AudioChannels[0].Items != 2 {
		t.Errorf("--json: got %+v, %v\n%s", got, err, out)
	}
	r.run(append([]string{"run"}, args...)...).want(t, exit.Incomplete)
	r.submittedKeys("a.mov", "b.MP4", "c.mov")
	for _, row := range r.report("b")[:3] { // a run keeps how long each plays, for --budget
		want := "90.000"
		if row["key"] == "c.mov" {
			want = ""
		}
		if _, channels := row["audio_channels"]; channels || row["duration"] != want {
			t.Errorf("the report says %v", row)
		}
	}
}
