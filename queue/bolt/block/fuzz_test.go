package block

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// FuzzBlock encodes items made of the input and decodes them again.
func FuzzBlock(f *testing.F) {
	f.Add("a\nab\nabc", "bucket", int64(3), uint8(0))
	f.Add("x\n\n\xff\x00\n"+strings.Repeat("long/", 300), "", int64(-9), uint8(0xff))
	f.Fuzz(func(t *testing.T, keys, text string, line int64, bits uint8) {
		var want []queue.Item
		for i, key := range strings.Split(keys, "\n") {
			it := queue.Item{Seq: uint64(7 + i), Line: line + int64(i*i), Bucket: text, Key: key}
			if bits>>(i%8)&1 == 1 {
				it.Name, it.Bucket = text, "other"
				it.Own = queue.JobFields{Priority: i, DestinationBucket: text, SourceRegion: key}
				if text != "" {
					it.Own.Services = []byte(text)
				}
				it.Extra = []queue.Field{{Name: text, Value: key}, {Name: key, Value: text}}[:1+i%2]
				it.Content, it.Version = queue.Content(line), uint64(i%3)*uint64(line)
				it.Unsourced = i%5 == 0
			}
			want = append(want, it)
		}
		var e encoder
		for len(want) > 0 {
			n := length(want)
			if n < 1 || n > MaxItems {
				t.Fatalf("block of %d items", n)
			}
			value, err := e.encode(want[:n])
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(want[0].Seq, value)
			if err != nil {
				t.Fatalf("decode: %v", err)
			}
			if !reflect.DeepEqual(got, want[:n]) {
				t.Fatalf("block:\n got %+v\nwant %+v", got, want[:n])
			}
			want = want[n:]
		}
	})
}

// FuzzGarbage gives the decoders anything: an error is right, a panic or much memory is not.
func FuzzGarbage(f *testing.F) {
	var e encoder
	rows := make([]queue.Item, 20)
	for i := range rows {
		rows[i] = archiveRow(i)
	}
	value, err := e.encode(rows)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(value)
	raw, err := codec.Unseal(nil, value)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(Record{Record: queue.Record{State: queue.Failed, Code: "c", At: time.Now()}}.Append(nil))
	packs, err := EncodeRejected([]queue.Rejected{{Line: 1, Reason: "r", Extra: []queue.Field{{Name: "a", Value: "b"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packs[0])
	h := queue.History{First: 1, Further: []queue.Version{{Seq: 3, Number: 2, Content: 2}, {Seq: 700, Number: 5}}}
	f.Add(EncodeHistory(&h))
	f.Add(EncodeEvents([]queue.Event{{At: time.Now(), Kind: queue.Attempted, State: queue.InDoubt, Attempt: 1, HTTPStatus: 502, Code: "c", Duration: time.Second},
		{Kind: queue.Retried, State: queue.Pending, By: queue.ByHand, Omitted: 3}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if items, err := Decode(0, b); err == nil && len(items) == 0 {
			t.Error("a block without items was taken")
		}
		if items, err := new(decoder).decodeRaw(5, bytes.Clone(b)); err == nil {
			value, err := e.encode(items)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Decode(5, value); err != nil || fmt.Sprint(again) != fmt.Sprint(items) {
				t.Fatalf("what was decoded does not encode back: %v", err)
			}
		}
		if h, err := DecodeHistory(b); err == nil {
			if again, err := DecodeHistory(EncodeHistory(&h)); err != nil || fmt.Sprint(again) != fmt.Sprint(h) {
				t.Fatalf("history: got %+v, %v, want %+v", again, err, h)
			}
		}
		if list, err := DecodeEvents(b); err == nil {
			if again, err := DecodeEvents(EncodeEvents(list)); err != nil || fmt.Sprint(again) != fmt.Sprint(list) {
				t.Fatalf("events: got %+v, %v, want %+v", again, err, list)
			}
		}
		_, _ = DecodeRejected(b)
		_, _ = decodeRejected(b)
		if rec, err := decodeRecord(b, (*codec.Reader).String); err == nil {
			if again, err := decodeRecord(rec.Append(nil), (*codec.Reader).String); err != nil || again != rec {
				t.Fatalf("record: got %+v, %v, want %+v", again, err, rec)
			}
		}
	})
}

// FuzzRecord encodes and decodes records.
func FuzzRecord(f *testing.F) {
	f.Add(uint8(0), 0, false, "", 0, "", "", int64(0), int32(0), uint32(0))
	f.Add(uint8(3), 5, true, "0123456789abcdef0123456789abcdef", 200, "Code", "message", int64(1700000000123), int32(20000), uint32(9))
	f.Fuzz(func(t *testing.T, state uint8, attempts int, sent bool, id string, status int, code, message string, at int64, day int32, gen uint32) {
		want := Record{Record: queue.Record{
			State: queue.States[int(state)%len(queue.States)], Attempts: max(0, attempts), Sent: sent, JobID: id,
			HTTPStatus: status, Code: code, Message: message, Day: queue.Day(day),
		}, Generation: gen}
		want.Sent = want.Sent || status != 0 || want.State == queue.Submitted // an item that was answered was sent
		if at != 0 {
			want.At = time.UnixMilli(at % 1e15).UTC()
		}
		got, err := decodeRecord(want.Append(nil), (*codec.Reader).String)
		if err != nil || !got.At.Equal(want.At) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
		got.At = want.At
		if got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// archiveRow is row n of the manifest of a media archive.
func archiveRow(n int) queue.Item {
	return queue.Item{
		Line: int64(n + 2), Bucket: "media-archive", Key: fmt.Sprintf("productions/2019/camera-%d/take-%06d.mov", n/1000, n),
		Extra: []queue.Field{{Name: "size", Value: fmt.Sprint(1000003*(n%977) + n)}, {Name: "tag", Value: fmt.Sprintf("%08x", uint32(n)*2654435761)}},
	}
}
