package manifest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// quickly decodes plain listings itself: encoding/xml, which the SDK uses, takes
// three quarters of the processor's time of a scan. What is not plain is left to
// the SDK, errors too, so that this decides nothing.
func quickly(o *s3.Options) {
	o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], func(stack *middleware.Stack) error {
		d := &pageDecoder{}
		sdk, err := stack.Deserialize.Swap("OperationDeserializer", d)
		d.sdk = sdk
		return err
	})
}

type pageDecoder struct {
	sdk middleware.DeserializeMiddleware
}

// ID names it as the one whose place it takes.
func (*pageDecoder) ID() string { return "OperationDeserializer" }

// HandleDeserialize decodes the answer, or lets the SDK do it.
func (d *pageDecoder) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err == nil && ok && response.StatusCode == 200 {
		body, bodyErr := io.ReadAll(response.Body)
		if bodyErr == nil {
			if listed, ok := decodeListing(body); ok {
				out.Result = listed
				return out, meta, nil
			}
			bodyErr = io.EOF
		}
		response.Body = readCloser{io.MultiReader(bytes.NewReader(body), failing{bodyErr}), response.Body}
	}
	return d.sdk.HandleDeserialize(ctx, in, answered{out, meta, err})
}

// answered returns the answer that is there already.
type answered struct {
	out  middleware.DeserializeOutput
	meta middleware.Metadata
	err  error
}

func (a answered) HandleDeserialize(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
	return a.out, a.meta, a.err
}

type readCloser struct {
	io.Reader
	io.Closer
}

// failing is a reader that gives an error and nothing else.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

var errNotPlain = errors.New("not plain")

// decodeListing decodes the answer of ListObjectsV2 (Amazon S3 API Reference) as
// far as a scan looks at it. It is false for anything out of the ordinary.
func decodeListing(body []byte) (*s3.ListObjectsV2Output, bool) {
	if !utf8.Valid(body) || bytes.Contains(body, []byte("<![")) || bytes.Contains(body, []byte("<!-")) {
		return nil, false
	}
	for _, b := range body {
		if b < 0x20 && b != '\n' && b != '\t' { // XML forbids most, and makes \n of \r
			return nil, false
		}
	}
	x := plainXML{bytes.TrimLeft(body, " \t\n")}
	if head := []byte(`<?xml version="1.0" encoding="UTF-8"?>`); bytes.HasPrefix(x.rest, head) {
		x.rest = bytes.TrimLeft(x.rest[len(head):], " \t\n")
	}
	name, content, ok := x.element()
	if !ok || name != "ListBucketResult" || len(bytes.TrimLeft(x.rest, " \t\n")) > 0 {
		return nil, false
	}
	out := &s3.ListObjectsV2Output{}
	err := each(content, func(name string, content []byte) (err error) {
		switch name {
		case "Contents":
			var o types.Object
			err = each(content, func(name string, content []byte) (err error) { return field(&o, name, content) })
			out.Contents = append(out.Contents, o)
		case "CommonPrefixes":
			var c types.CommonPrefix
			err = each(content, func(name string, content []byte) (err error) {
				if name != "Prefix" {
					return errNotPlain
				}
				c.Prefix, err = text(content)
				return err
			})
			out.CommonPrefixes = append(out.CommonPrefixes, c)
		case "Name":
			out.Name, err = text(content)
		case "Delimiter":
			out.Delimiter, err = text(content)
		case "NextContinuationToken":
			out.NextContinuationToken, err = text(content)
		case "EncodingType":
			var s *string
			if s, err = text(content); err == nil {
				out.EncodingType = types.EncodingType(*s)
			}
		case "IsTruncated":
			yes := string(content) == "true"
			if out.IsTruncated = &yes; !yes && string(content) != "false" {
				err = errNotPlain
			}
		case "KeyCount":
			var n int64
			n, err = strconv.ParseInt(string(content), 10, 32)
			short := int32(n)
			out.KeyCount = &short
		case "MaxKeys":
			_, err = strconv.ParseInt(string(content), 10, 32)
		case "Prefix", "StartAfter", "ContinuationToken":
			_, err = text(content)
		default:
			err = errNotPlain
		}
		return err
	})
	return out, err == nil
}

// field sets a field of an object.
func field(o *types.Object, name string, content []byte) (err error) {
	switch name {
	case "Key":
		o.Key, err = text(content)
	case "ETag":
		o.ETag, err = text(content)
	case "Size":
		var n int64
		n, err = strconv.ParseInt(string(content), 10, 64)
		o.Size = &n
	case "LastModified":
		var at time.Time
		at, err = time.Parse(time.RFC3339Nano, string(content))
		o.LastModified = &at
	case "StorageClass":
		var s *string
		if s, err = text(content); err == nil {
			o.StorageClass = types.ObjectStorageClass(*s)
		}
	case "ChecksumAlgorithm", "ChecksumType":
		_, err = text(content)
	case "Owner":
		err = each(content, func(name string, content []byte) (err error) {
			_, err = text(content)
			return err
		})
	default:
		err = errNotPlain
	}
	return err
}

// plainXML takes XML apart that has no attributes below its root, no comments
// and no elements within others of their name.
type plainXML struct{ rest []byte }

// element takes the next element off.
func (x *plainXML) element() (name string, content []byte, ok bool) {
	if len(x.rest) == 0 || x.rest[0] != '<' {
		return "", nil, false
	}
	end := bytes.IndexByte(x.rest, '>')
	if end < 2 {
		return "", nil, false
	}
	tag := bytes.TrimSuffix(x.rest[1:end], []byte(` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`))
	x.rest = x.rest[end+1:]
	name, empty := strings.CutSuffix(string(tag), "/")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) {
		return "", nil, false
	}
	if empty {
		return name, nil, true
	}
	for at := 0; ; {
		i := bytes.Index(x.rest[at:], []byte("</"))
		if i < 0 {
			return "", nil, false
		}
		at += i + 2
		if bytes.HasPrefix(x.rest[at:], tag) && len(x.rest) > at+len(tag) && x.rest[at+len(tag)] == '>' {
			content, x.rest = x.rest[:at-2], x.rest[at+len(tag)+1:]
			return name, content, true
		}
	}
}

// each calls f with each element of some content, which holds nothing else.
func each(content []byte, f func(name string, content []byte) error) error {
	x := plainXML{content}
	for {
		x.rest = bytes.TrimLeft(x.rest, " \t\n")
		if len(x.rest) == 0 {
			return nil
		}
		name, content, ok := x.element()
		if !ok {
			return errNotPlain
		}
		if err := f(name, content); err != nil {
			return err
		}
	}
}

var entities = map[string]string{"quot": `"`, "amp": "&", "lt": "<", "gt": ">", "apos": "'", "#34": `"`, "#39": "'", "#38": "&", "#x2B": "+"}

// text returns the characters of an element that holds no others.
func text(content []byte) (*string, error) {
	if bytes.IndexByte(content, '<') >= 0 || bytes.Contains(content, []byte("]]>")) {
		return nil, errNotPlain
	}
	var s []byte
	for {
		before, after, found := bytes.Cut(content, []byte("&"))
		s = append(s, before...)
		if !found {
			plain := string(s)
			return &plain, nil
		}
		name, rest, ok := bytes.Cut(after, []byte(";"))
		meant, known := entities[string(name)]
		if !ok || !known {
			return nil, errNotPlain
		}
		s = append(s, meant...)
		content = rest
	}
}
