package s3scan

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// errAnswer marks an answer that cannot be S3's to what was asked.
var errAnswer = errors.New("not S3's answer")

// clientError has a text for the user and wraps what the SDK reported, whose own
// text is long and full of request ids.
type clientError struct {
	text  string
	cause error
}

func (e *clientError) Error() string { return e.text }
func (e *clientError) Unwrap() error { return e.cause }

// Explain puts an error of an S3 request into the user's terms, with a remedy.
// Codes: Amazon S3 API reference, "Error responses".
//
//lint:ignore ST1008 the error is what was found, not a failure to find it
func Explain(err error, bucket string) (error, string) {
	status := 0
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	code, message := "", ""
	var api smithy.APIError
	if errors.As(err, &api) {
		code, message = api.ErrorCode(), api.ErrorMessage()
	}
	say := func(text string) error {
		if code != "" && code != "UnknownError" {
			text += " (" + code
			if message != "" {
				text += ": " + printable(message)
			}
			text += ")"
		} else if status != 0 {
			text += fmt.Sprintf(" (HTTP status %d)", status)
		}
		return &clientError{text, err}
	}
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax) && status/100 != 4 && status/100 != 5:
		return &clientError{"not S3's answer: it is not a whole XML document (" + syntax.Msg + ")", err}, "check --source-endpoint: is it an S3 server? then run the same command again"
	case errors.Is(err, ErrCursor):
		return err, "run the same command again: it begins afresh"
	case errors.Is(err, errAnswer):
		return err, "check --source-endpoint: is it an S3 server? nothing after the last object was taken"
	case errors.Is(err, context.Canceled):
		return &clientError{"it was interrupted", err}, "run the same command again"
	case code == "NoSuchBucket":
		return say(fmt.Sprintf("the bucket %q does not exist there", bucket)), "check the bucket's name, the region and --source-endpoint"
	case code == "NoSuchKey":
		return say("the object does not exist"), "check the key; it is case sensitive"
	case code == "InvalidAccessKeyId":
		return say("the access key is not known there"), "check WASABI_ACCESS_KEY or --profile, and --source-endpoint"
	case code == "SignatureDoesNotMatch":
		return say("the secret key does not belong to the access key"), "check WASABI_SECRET_KEY or --profile"
	case code == "RequestTimeTooSkewed":
		return say("this machine's clock is wrong"), "set the clock"
	case code == "PermanentRedirect", code == "TemporaryRedirect", code == "AuthorizationHeaderMalformed",
		code == "IllegalLocationConstraintException", status >= 300 && status < 400:
		return say(fmt.Sprintf("the bucket %q lies in another region", bucket)), "set --source-region to the bucket's region, and --source-endpoint if it was given"
	case code == "InvalidObjectState":
		return say("the object is archived"), "restore it first"
	case code == "AccessDenied", code == "AllAccessDisabled", status == 403, status == 401:
		return say("access is denied"), "these credentials need the rights s3:ListBucket and s3:GetObject"
	case code == "SlowDown", code == "RequestRateLimitExceeded", code == "ServiceUnavailable":
		return say("the server throttles us"), "run the same command again later"
	case status >= 500:
		return say("the server has trouble"), "run the same command again later"
	case status >= 400:
		return say("the server refuses the request"), "check --source-endpoint, --source-region and --path-style"
	}
	return &clientError{"the server was not reached or the connection broke: " + printable(innermost(err)), err},
		"check the network and --source-endpoint, and run the same command again"
}

// innermost leaves out what only says which step of the SDK failed.
func innermost(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err.Error()
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// printable keeps a server's text from playing with the terminal.
func printable(s string) string {
	const longest = 300
	if len(s) > longest {
		s = s[:longest] + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
