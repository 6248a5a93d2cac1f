package preflight

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/abema/go-mp4"
)

// Media is the media information in an .mp4 or .mov (ISO/IEC 14496-12; QuickTime File
// Format). Missing information, or information too deep in the file, is zero.
type Media struct {
	// Duration is how long it plays.
	Duration time.Duration
	// Channels is how many audio channels all its tracks have together.
	Channels int
}

// errMalformed says that a container does not follow the standards.
var errMalformed = errors.New("preflight: malformed container")

const (
	// maxBoxes bounds the boxes that are looked at.
	maxBoxes = 2000
	// maxPayload bounds what is decoded of one box, in bytes.
	maxPayload = 4096
	// longest is the longest plausible duration.
	longest = 10 * 365 * 24 * time.Hour
)

// inContainer reports whether AiR restricts the codec of files with this extension.
func inContainer(key string) bool {
	return slices.Contains([]string{".mp4", ".mov"}, strings.ToLower(path.Ext(key)))
}

// container is an .mp4 or .mov as far as it has been read.
type container struct {
	in        *ranged
	boxes     int
	timescale uint32
	duration  uint64 // in parts of timescale; 0: not known
	tracks    []track
}

// track is a track of a container.
type track struct {
	handler  string // "vide", "soun", ...
	enabled  bool
	codecs   []codec // of video, one a sample entry
	channels int     // of sound; 0: not known
}

// readContainer reads what a container says of itself. The reason is why AiR cannot
// read its video, or "". An error is one of getting its parts.
func readContainer(in *ranged) (reason string, media Media, err error) {
	c := container{in: in}
	err = c.file()
	all := err == nil
	switch {
	case errors.Is(err, errBudget):
		err = nil
	case errors.Is(err, errMalformed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "", Media{}, nil // malformed: no reason to reject, and nothing in it is reliable
	case err != nil:
		return "", Media{}, err
	}
	return c.reason(all), c.media(all), nil
}

// file looks for the moov, before or behind the media. Its error is nil if all of it was read.
func (c *container) file() error {
	found := false
	err := c.each(0, c.in.size, func(b *mp4.BoxInfo) (bool, error) {
		if b.Type != mp4.BoxTypeMoov() {
			return false, nil
		}
		if end(b) > c.in.size {
			return false, errMalformed
		}
		found = true
		c.in.until = end(b)
		return true, c.moov(b)
	})
	if err == nil && !found {
		return errMalformed
	}
	return err
}

func end(b *mp4.BoxInfo) int64     { return int64(b.Offset + b.Size) }
func payload(b *mp4.BoxInfo) int64 { return int64(b.Offset + b.HeaderSize) }

// each calls f for the boxes from at to until, and stops when f returns true. A box that ends beyond until is
// errMalformed; at the top level it is the last box, since an upload may have been cut. The library's own walk is not
// used: it decodes boxes of any size, and cannot stop at a number of bytes.
func (c *container) each(at, until int64, f func(*mp4.BoxInfo) (done bool, err error)) error {
	outermost := at == 0
	for until-at >= mp4.SmallHeaderSize {
		if c.boxes++; c.boxes > maxBoxes {
			return errMalformed
		}
		if _, err := c.in.Seek(at, io.SeekStart); err != nil {
			return err
		}
		b, err := mp4.ReadBoxInfo(c.in)
		if err != nil {
			return orMalformed(err)
		}
		if b.ExtendToEOF {
			if !outermost { // in QuickTime, a list of boxes may end with four zero bytes
				return nil
			}
			b.Size = uint64(until - at)
		}
		if b.Size < b.HeaderSize || b.Size > uint64(until-at) && (!outermost || b.Size > 1<<62) {
			return errMalformed
		}
		if done, err := f(b); done || err != nil {
			return err
		}
		at += int64(b.Size)
	}
	return nil
}

// orMalformed returns errors of reading as they are, and those of the library as errMalformed.
func orMalformed(err error) error {
	var own *readError
	if errors.Is(err, errBudget) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &own) {
		return err
	}
	return errMalformed
}

func (c *container) moov(moov *mp4.BoxInfo) error {
	return c.each(payload(moov), end(moov), func(b *mp4.BoxInfo) (bool, error) {
		switch b.Type.String() {
		case "mvhd":
			var h mp4.Mvhd
			if err := c.decode(b, &h); err != nil {
				return false, err
			}
			if c.timescale = h.Timescale; known(h.GetDuration(), h.GetVersion()) {
				c.duration = h.GetDuration()
			}
		case "mvex":
			return false, c.each(payload(b), end(b), func(b *mp4.BoxInfo) (bool, error) {
				var h mp4.Mehd
				if b.Type != mp4.BoxTypeMehd() {
					return false, nil
				}
				err := c.decode(b, &h)
				if err == nil && known(h.GetFragmentDuration(), h.GetVersion()) {
					c.duration = h.GetFragmentDuration()
				}
				return true, err
			})
		case "trak":
			t := track{}
			err := c.trak(b, &t)
			if t.handler != "" {
				c.tracks = append(c.tracks, t)
			}
			return false, err
		case "cmov": // compressed
			return false, errMalformed
		}
		return false, nil
	})
}

// known returns a duration, or 0 if there is none: all ones mean that it is unknown.
func known(d uint64, version uint8) bool {
	return version == 0 && d < 1<<32-1 || version == 1 && d < 1<<63
}

// trak reads a track as far as its sample description.
func (c *container) trak(trak *mp4.BoxInfo, t *track) error {
	var described *mp4.BoxInfo
	err := c.each(payload(trak), end(trak), func(b *mp4.BoxInfo) (bool, error) {
		switch b.Type.String() {
		case "tkhd":
			flags, err := c.bytes(b, 0, 4)
			if err == nil {
				t.enabled = flags[3]&1 != 0
			}
			return false, err
		case "mdia":
			return true, c.each(payload(b), end(b), func(b *mp4.BoxInfo) (done bool, err error) {
				switch b.Type.String() {
				case "hdlr":
					var h []byte
					if h, err = c.bytes(b, 8, 4); err == nil {
						t.handler = string(h)
					}
				case "minf":
					described, err = c.description(b)
				}
				return t.handler != "" && described != nil, err
			})
		}
		return false, nil
	})
	if err != nil || described == nil {
		return err
	}
	switch t.handler {
	case "vide", "soun":
		return c.entries(described, t)
	}
	return nil
}

// description returns the sample description of a minf; nil if it has none.
func (c *container) description(minf *mp4.BoxInfo) (stsd *mp4.BoxInfo, err error) {
	err = c.each(payload(minf), end(minf), func(b *mp4.BoxInfo) (bool, error) {
		if b.Type != mp4.BoxTypeStbl() {
			return false, nil
		}
		return true, c.each(payload(b), end(b), func(b *mp4.BoxInfo) (bool, error) {
			if b.Type != mp4.BoxTypeStsd() {
				return false, nil
			}
			stsd = b
			return true, nil
		})
	})
	return stsd, err
}

// Where a sample entry has what (ISO/IEC 14496-12, "Sample Description Box"; QuickTime
// File Format, "Sound Sample Descriptions"), from the beginning of its payload.
const (
	soundVersion  = 8
	soundChannels = 16
	sound2Size    = 40 // of version 2: the channels stand here in 32 bits
	visualEnd     = 78
)

// entries reads the entries of a sample description.
func (c *container) entries(stsd *mp4.BoxInfo, t *track) error {
	return c.each(payload(stsd)+8, end(stsd), func(b *mp4.BoxInfo) (bool, error) {
		if t.handler == "vide" {
			kind, err := c.kind(b)
			t.codecs = append(t.codecs, kind)
			return false, err
		}
		head, err := c.bytes(b, 0, soundChannels+2)
		if err != nil {
			return false, err
		}
		n := int(binary.BigEndian.Uint16(head[soundChannels:]))
		if binary.BigEndian.Uint16(head[soundVersion:]) == 2 {
			head, err = c.bytes(b, sound2Size, 4)
			if err != nil {
				return false, err
			}
			n = int(binary.BigEndian.Uint32(head))
		}
		if n > 0 && n <= 64 {
			t.channels = max(t.channels, n)
		}
		return false, nil
	})
}

// kind returns the codec of an entry of a video track.
func (c *container) kind(entry *mp4.BoxInfo) (codec, error) {
	fourCC := string(entry.Type[:])
	if fourCC != "mp4v" {
		return codecOf(fourCC), nil
	}
	found := codec{fourCC: fourCC} // not known
	err := c.each(min(payload(entry)+visualEnd, end(entry)), end(entry), func(b *mp4.BoxInfo) (bool, error) {
		if b.Type != mp4.BoxTypeEsds() {
			return false, nil
		}
		var e mp4.Esds
		if err := c.decode(b, &e); err != nil {
			return true, err
		}
		for _, d := range e.Descriptors {
			if d.DecoderConfigDescriptor != nil {
				found.name = objectTypes[d.DecoderConfigDescriptor.ObjectTypeIndication]
			}
		}
		return true, nil
	})
	return found, err
}

// bytes returns n bytes of a box, from its payload's at-th on.
func (c *container) bytes(b *mp4.BoxInfo, at, n int64) ([]byte, error) {
	if payload(b)+at+n > end(b) {
		return nil, errMalformed
	}
	if _, err := c.in.Seek(payload(b)+at, io.SeekStart); err != nil {
		return nil, err
	}
	data := make([]byte, n)
	_, err := io.ReadFull(c.in, data)
	return data, err
}

// decode decodes a small box. It never reads beyond what is in memory, so that no size
// within the box can make it large.
func (c *container) decode(b *mp4.BoxInfo, into mp4.IBox) error {
	n := end(b) - payload(b)
	if n > maxPayload {
		return errMalformed
	}
	data, err := c.bytes(b, 0, n)
	if err != nil {
		return err
	}
	if _, err := mp4.Unmarshal(bytes.NewReader(data), uint64(n), into, mp4.Context{}); err != nil {
		return errMalformed
	}
	return nil
}

// media sums up. all says that all of the moov was read.
func (c *container) media(all bool) (m Media) {
	if c.timescale > 0 && c.duration > 0 {
		if s := float64(c.duration) / float64(c.timescale); s < longest.Seconds() {
			m.Duration = time.Duration(s * float64(time.Second))
		}
	}
	for _, t := range c.tracks {
		if t.handler != "soun" {
			continue
		}
		if t.channels == 0 {
			all = false
		}
		m.Channels += t.channels
	}
	if !all {
		m.Channels = 0
	}
	return m
}
