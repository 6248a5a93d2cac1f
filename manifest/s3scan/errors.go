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

// clientError has a text for the user and wraps what the SDK reported, whose own text is long and full of request ids.
type clientError struct {
	text  string
	cause error
}

func (e *clientError) Error() string { return e.text }
func (e *clientError) Unwrap() error { return e.cause }

// explanation is what an answer means to the user. The text may name the bucket by %q.
type explanation struct{ text, remedy string }

var (
	otherRegion = explanation{"the bucket %q lies in another region", "set --source-region to the bucket's region, and --source-endpoint if it was given"}
	denied      = explanation{"access is denied", "these credentials need the rights s3:ListBucket and s3:GetObject"}
	throttled   = explanation{"the server throttles us", "run the same command again later"}
)

// explanations are those of codes (Amazon S3 API reference, "Error responses").
var explanations = map[string]explanation{
	"NoSuchBucket":                       {"the bucket %q does not exist there", "check the bucket's name, the region and --source-endpoint"},
	"NoSuchKey":                          {"the object does not exist", "check the key; it is case sensitive"},
	"InvalidAccessKeyId":                 {"the access key is not known there", "check WASABI_ACCESS_KEY or --profile, and --source-endpoint"},
	"SignatureDoesNotMatch":              {"the secret key does not belong to the access key", "check WASABI_SECRET_KEY or --profile"},
	"RequestTimeTooSkewed":               {"this machine's clock is wrong", "set the clock"},
	"InvalidObjectState":                 {"the object is archived", "restore it first"},
	"PermanentRedirect":                  otherRegion,
	"TemporaryRedirect":                  otherRegion,
	"AuthorizationHeaderMalformed":       otherRegion,
	"IllegalLocationConstraintException": otherRegion,
	"AccessDenied":                       denied,
	"AllAccessDisabled":                  denied,
	"SlowDown":                           throttled,
	"RequestRateLimitExceeded":           throttled,
	"ServiceUnavailable":                 throttled,
}

// explainStatus returns the explanation of an answer whose code says nothing.
func explainStatus(status int) (e explanation, ok bool) {
	switch {
	case status >= 500:
		return explanation{"the server has trouble", "run the same command again later"}, true
	case status == 401, status == 403:
		return denied, true
	case status >= 400:
		return explanation{"the server refuses the request", "check --source-endpoint, --source-region and --path-style"}, true
	case status >= 300:
		return otherRegion, true
	}
	return explanation{}, false
}

// Explain puts an error of an S3 request into the user's terms, with a remedy.
//
//lint:ignore ST1008 the error is what was found, not a failure to find it
func Explain(err error, bucket string) (error, string) {
	status, code, message := Status(err), "", ""
	if api, is := errors.AsType[smithy.APIError](err); is {
		code, message = api.ErrorCode(), api.ErrorMessage()
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
	}
	e, ok := explanations[code]
	if !ok {
		e, ok = explainStatus(status)
	}
	if !ok {
		return &clientError{"the server was not reached or the connection broke: " + printable(Cause(err).Error()), err},
			"check the network and --source-endpoint, and run the same command again"
	}
	text := strings.ReplaceAll(e.text, "%q", fmt.Sprintf("%q", bucket)) + answerText(status, code, message)
	return &clientError{text, err}, e.remedy
}

// answerText quotes an answer.
func answerText(status int, code, message string) string {
	switch {
	case code != "" && code != "UnknownError" && message != "":
		return fmt.Sprintf(" (%s: %s)", code, printable(message))
	case code != "" && code != "UnknownError":
		return fmt.Sprintf(" (%s)", code)
	case status != 0:
		return fmt.Sprintf(" (HTTP status %d)", status)
	}
	return ""
}

// Status returns the HTTP status of an answer, 0 if there was none.
func Status(err error) int {
	if response, is := errors.AsType[*smithyhttp.ResponseError](err); is {
		return response.HTTPStatusCode()
	}
	return 0
}

// Cause leaves out what only says which step of the SDK failed.
func Cause(err error) error {
	if request, is := errors.AsType[*url.Error](err); is {
		return request.Err
	}
	for inner := err; inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// printable escapes control characters in a server's text.
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
