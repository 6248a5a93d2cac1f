package preflight

import (
	"fmt"
	"slices"
	"strings"
)

// codec is how a video track is encoded.
type codec struct {
	fourCC string
	// name is set if it is certainly neither H.264 nor H.265.
	name string
	// still is a codec of pictures too: such a track may be a cover.
	still bool
}

// foreignCodecs are the sample entries of video that are certainly neither H.264 nor H.265 (registry of the MP4
// Registration Authority, mp4ra.org; QuickTime File Format, "Video Sample Description"; for the vendors' own, their
// documents). Left out is what stands for several, such as dvh1, and what hides its codec, such as encv. "_" is a
// space.
var foreignCodecs = map[string]string{
	"ProRes 422 HQ": "apch", "ProRes 422": "apcn", "ProRes 422 LT": "apcs", "ProRes 422 Proxy": "apco", "ProRes 4444": "ap4h", "ProRes 4444 XQ": "ap4x",
	"ProRes RAW": "aprn aprh", "DNxHD": "AVdn", "DNxHR": "AVdh",
	"MPEG-2":        "m2v1 mp2v hdv1 hdv2 hdv3 hdv4 hdv5 hdv6 hdv7 hdv8 hdv9 hdva mx3n mx4n mx5n mx3p mx4p mx5p xdv1 xdv2 xdv3 xdv4 xdv5 xdv6 xdv7 xdv8 xdv9 xdva xdvb xdvc xdvd xdve xdvf xd51 xd54 xd55 xd59 xd5a xd5b xd5c xd5d xd5e xd5f xdhd xdh2",
	"MPEG-1":        "m1v1 mpg1 mp1v",
	"MPEG-4 Visual": "XVID xvid DIVX DX50 3IV2",
	"MJPEG":         "jpeg mjpa mjpb mjpg MJPG AVDJ AVRn dmb1", "JPEG 2000": "mjp2", "PNG": "png_", "TIFF": "tiff", "GIF": "gif_",
	"Animation": "rle_", "Cinepak": "cvid", "Sorenson Video": "SVQ1 SVQ3", "H.263": "s263 h263 H263", "H.261": "h261",
	"DV": "dvc_ dvcp dvpp", "DVCPRO 50": "dv5n dv5p", "DVCPRO HD": "dvhp dvhq dvh5 dvh6",
	"uncompressed video": "2vuy yuv2 yuvs v210 v216 v308 v408 v410 raw_ r10k R10k r210 b64a b48r",
	"CineForm":           "CFHD", "Hap": "Hap1 Hap5 HapY HapM HapA", "Apple Intermediate Codec": "icod", "Pixlet": "pxlt",
	"VP8": "vp08", "VP9": "vp09", "AV1": "av01", "VC-1": "vc-1", "H.266": "vvc1 vvi1", "EVC": "evc1", "Dirac": "drac",
}

// stillCodecs encode pictures that stand still, too.
var stillCodecs = []string{"MJPEG", "JPEG 2000", "PNG", "TIFF", "GIF", "uncompressed video"}

var codecs = func() map[string]codec {
	all := map[string]codec{}
	for name, list := range foreignCodecs {
		for f := range strings.FieldsSeq(list) {
			f = strings.ReplaceAll(f, "_", " ")
			all[f] = codec{f, name, slices.Contains(stillCodecs, name)}
		}
	}
	return all
}()

// objectTypes are the codecs of mp4v that are certainly others (ISO/IEC 14496-1,
// "objectTypeIndication"; mp4ra.org). 0x21 is H.264 and 0x23 H.265.
var objectTypes = map[byte]string{
	0x20: "MPEG-4 Visual", 0x60: "MPEG-2", 0x61: "MPEG-2", 0x62: "MPEG-2", 0x63: "MPEG-2", 0x64: "MPEG-2", 0x65: "MPEG-2",
	0x6a: "MPEG-1", 0x6c: "MJPEG", 0x6d: "PNG", 0x6e: "JPEG 2000",
}

// codecOf returns the codec of a sample entry; without a name if AiR may read it.
func codecOf(fourCC string) codec {
	if c, ok := codecs[fourCC]; ok {
		return c
	}
	return codec{fourCC: fourCC}
}

// reason returns why AiR cannot read the video, or "". It needs every video track to be of a codec that AiR does not
// read. If not all tracks were read, one of those that were must also be enabled and not be a cover picture.
func (c *container) reason(all bool) string {
	var names []string
	shown := false
	for _, t := range c.tracks {
		if t.handler != "vide" {
			continue
		}
		for _, k := range t.codecs {
			if k.name == "" {
				return ""
			}
			if name := fmt.Sprintf("%s (%s)", k.name, strings.TrimSpace(k.fourCC)); !slices.Contains(names, name) {
				names = append(names, name)
			}
			shown = shown || t.enabled && !k.still
		}
		if len(t.codecs) == 0 {
			return ""
		}
	}
	if len(names) == 0 || !all && !shown {
		return ""
	}
	return "its video is " + strings.Join(names, " and ") + ", and of .mp4 and .mov AiR reads H.264 and H.265 only"
}
