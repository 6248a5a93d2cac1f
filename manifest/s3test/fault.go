package s3test

import (
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Fault is a way in which a server goes wrong.
type Fault int

// The faults. Those of listings do not touch GetObject.
const (
	NoFault       Fault = iota
	HTML                // answers 200 with a web page
	BrokenHTML          // the same, not well-formed as XML
	EmptyBody           // answers 200 with nothing
	OtherXML            // answers 200 with some XML
	HTML403             // answers 403 with a web page, as a proxy does
	AccessDenied        // answers 403 AccessDenied
	Redirect            // answers 301 PermanentRedirect, with a Location on the same server
	SlowDown            // answers 503 SlowDown
	InternalError       // answers 500 InternalError
	Reset               // breaks the connection off without an answer
	CutBody             // breaks the connection off in mid-body
	CutXML              // lists with an answer that ends early, by its Content-Length complete
	NoToken             // lists as truncated without a token
	SameToken           // lists with the same token every time
	TokenAtEnd          // lists as complete, with a token
	NotTruncated        // lists without saying whether it is truncated
	OtherBucket         // lists as another bucket
	NoName              // lists without naming the bucket
	NoEncoding          // lists keys as they are, and does not echo the encoding type
	BadEncoding         // lists with keys that are no URL encoding, and says they are
	Shortened           // lists fewer objects than it counts
	Folded              // lists common prefixes
	OtherPrefix         // lists a key outside the prefix
	NoKey               // lists an object without a key
	JSON                // answers 200 with JSON
	Unsorted            // lists each page backwards
	Repeats             // lists the same page every time, each time with another token
	LastPageLies        // lists every page as the last one
	OtherFolders        // lists common prefixes that are out of order, outside the prefix, or of no key

	// What some servers do all the time.

	IgnoresDelimiter    // lists as if there were none
	IgnoresStartAfter   // lists from the beginning
	InclusiveStartAfter // lists from the key on that it was to begin behind
	SkipsFolder         // begins behind the whole folder of the key that it was to begin behind
)

// refuse answers a request that goes wrong as a whole.
func (f Fault) refuse(w http.ResponseWriter) bool {
	page := func(status int, contentType, body string) bool {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
	const web = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Welcome</p></body></html>"
	switch f {
	case HTML:
		return page(http.StatusOK, "text/html", web)
	case BrokenHTML:
		return page(http.StatusOK, "text/html", "<!DOCTYPE html><html><body><p>Welcome<br></body></html>")
	case HTML403:
		return page(http.StatusForbidden, "text/html", web)
	case EmptyBody:
		return page(http.StatusOK, "application/xml", "")
	case JSON:
		return page(http.StatusOK, "application/json", `{"Name":"media","IsTruncated":false,"Contents":[]}`)
	case OtherXML:
		return page(http.StatusOK, "application/xml", `<?xml version="1.0"?><feed><Name>news</Name></feed>`)
	case AccessDenied:
		writeError(w, http.StatusForbidden, "AccessDenied", "Access Denied")
		return true
	case Redirect:
		w.Header().Set("Location", "/elsewhere")
		writeError(w, http.StatusMovedPermanently, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")
		return true
	case SlowDown:
		writeError(w, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
		return true
	case InternalError:
		writeError(w, http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
		return true
	}
	return f == Reset
}

// spoil are the faults that change a listing; plain takes the URL encoding from a key.
var spoil = map[Fault]func(l *listing, plain func(string) string){
	NoToken:      func(l *listing, _ func(string) string) { *l.IsTruncated, l.NextToken = true, "" },
	SameToken:    func(l *listing, _ func(string) string) { *l.IsTruncated, l.NextToken = true, "AAAA" },
	TokenAtEnd:   func(l *listing, _ func(string) string) { *l.IsTruncated, l.NextToken = false, "AAAA" },
	LastPageLies: func(l *listing, _ func(string) string) { *l.IsTruncated, l.NextToken = false, "" },
	NotTruncated: func(l *listing, _ func(string) string) { l.IsTruncated = nil },
	Repeats: func(l *listing, _ func(string) string) {
		*l.IsTruncated, l.NextToken = true, base64.URLEncoding.EncodeToString([]byte(strings.Repeat("\x00", len(l.Token)+1)))
	},
	OtherBucket: func(l *listing, _ func(string) string) { l.Name += "-other" },
	NoName:      func(l *listing, _ func(string) string) { l.Name = "" },
	NoEncoding: func(l *listing, plain func(string) string) {
		for i := range l.Contents {
			l.Contents[i].Key = plain(l.Contents[i].Key)
		}
		l.EncodingType = ""
	},
	BadEncoding: func(l *listing, _ func(string) string) {
		for i := range l.Contents {
			l.Contents[i].Key += "%zz"
		}
		l.EncodingType = "url"
	},
	Shortened:   func(l *listing, _ func(string) string) { l.Contents = l.Contents[:len(l.Contents)/2] },
	Unsorted:    func(l *listing, _ func(string) string) { slices.Reverse(l.Contents) },
	OtherPrefix: func(l *listing, _ func(string) string) { l.renameFirst("\"outside\"") },
	NoKey:       func(l *listing, _ func(string) string) { l.renameFirst("") },
	Folded: func(l *listing, _ func(string) string) {
		l.Delimiter, l.CommonPrefixes = "/", []commonPrefix{{"folder/"}}
	},
	OtherFolders: func(l *listing, _ func(string) string) {
		if l.Delimiter != "" {
			l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{"zzz/"}, commonPrefix{"outside/"}, commonPrefix{""}, commonPrefix{"v/5"}, commonPrefix{"%zz"}, commonPrefix{"v/33x/"})
		}
	},
}

func (l *listing) renameFirst(key string) {
	if len(l.Contents) > 0 {
		l.Contents[0].Key = key
	}
}

// startAfter is what the server makes of the key that it is to begin behind.
func (f Fault) startAfter(key string, sorted []string) string {
	switch {
	case key == "" || f == IgnoresStartAfter:
		return ""
	case f == InclusiveStartAfter:
		if i, _ := slices.BinarySearch(sorted, key); i > 0 {
			return sorted[i-1]
		}
		return ""
	case f == SkipsFolder:
		if i := strings.LastIndexByte(key, '/'); i >= 0 {
			return key[:i+1] + beyond
		}
	}
	return key
}
