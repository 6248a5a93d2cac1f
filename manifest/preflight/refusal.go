package preflight

import (
	"airlift/manifest/s3scan"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
)

// scope is how much a refusal says.
type scope int

const (
	thisObject      scope = iota
	wholeBucket           // no object of the bucket can be had
	allUnlessProven       // no object at all, unless others were had before
	allObjects            // no object at all
)

// refusal is an answer that will be the same when asked again.
type refusal struct {
	of     scope
	text   string
	remedy string
	cause  error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.cause }

// errNotS3 marks an answer that S3 does not give: a proxy's page, or another
// server altogether. It tells nothing of an object.
var errNotS3 = errors.New("the answer is not S3's")

// judgeHead returns a refusal of HeadObject, or an error that may pass. Exactly
// one is set. Such an answer has no text, so judge decides by the one of
// GetObject.
func judgeHead(err error) (*refusal, error) {
	if status := s3scan.Status(err); status < 300 || passing(status) {
		return judge(err)
	}
	return &refusal{cause: err}, nil
}

// judge returns a refusal of GetObject, or an error that may pass. Exactly one is
// set. Codes: Amazon S3 API reference, "Error responses".
func judge(err error) (*refusal, error) {
	status, code := s3scan.Status(err), ""
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	answer := fmt.Sprintf("HTTP status %d", status)
	// For an answer without a code the SDK makes one up.
	if code == "UnknownError" || code == strings.ReplaceAll(http.StatusText(status), " ", "") {
		code = ""
	}
	if code != "" {
		answer = fmt.Sprintf("%s, HTTP status %d", code, status)
	}
	no := func(of scope, text, remedy string) (*refusal, error) {
		return &refusal{of, fmt.Sprintf("%s (%s)", text, answer), remedy, err}, nil
	}
	switch code {
	case "NoSuchKey", "NoSuchVersion":
		return no(thisObject, "missing: there is no such object", "")
	case "NoSuchBucket", "InvalidBucketName":
		return no(wholeBucket, "missing: there is no such bucket", "")
	case "InvalidObjectState":
		return no(thisObject, "archived: it must be restored before it can be read", "")
	case "InvalidRange":
		return no(thisObject, "zero bytes", "")
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return no(wholeBucket, "unreadable from here: the bucket lies in another region; read it with --source-region of its own", "")
	case "InvalidAccessKeyId", "InvalidToken", "ExpiredToken", "InvalidSecurity":
		return no(allObjects, "the access key is not known to the S3 server", "check WASABI_ACCESS_KEY or --profile, and --source-endpoint")
	case "RequestTimeTooSkewed":
		return no(allObjects, "this machine's clock is wrong", "set the clock")
	case "SignatureDoesNotMatch":
		return no(allUnlessProven, "unreadable: the secret key does not belong to the access key", "check WASABI_SECRET_KEY or --profile")
	case "SlowDown", "RequestRateLimitExceeded", "Throttling", "ThrottlingException", "RequestTimeout", "InternalError", "ServiceUnavailable", "TemporaryRedirect", "OperationAborted":
		return nil, fmt.Errorf("the server throttles us or has trouble (%s)", answer)
	}
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, errNotS3):
		return nil, err
	case passing(status):
		return nil, fmt.Errorf("the server has trouble (%s)", answer)
	case status >= 300 && code == "", status > 0 && errors.As(err, &syntax):
		return nil, fmt.Errorf("%w (%s)", errNotS3, answer)
	case status == 401:
		return no(allObjects, "the S3 server refuses the credentials", "check WASABI_ACCESS_KEY and WASABI_SECRET_KEY, or --profile")
	case status == 403:
		return no(thisObject, "unreadable: access is denied, or it is missing and these keys may not list the bucket", "")
	case status == 405:
		return no(thisObject, "missing: the object was deleted", "")
	case status >= 300:
		// Each server has codes of its own for what is wrong with the credentials.
		return no(allUnlessProven, "unreadable: the server refuses the request", "check the credentials, --source-region and --source-endpoint")
	}
	return nil, fmt.Errorf("the server was not reached or the connection broke: %w", s3scan.Cause(err))
}

// passing reports whether a status is one of trouble that may pass.
func passing(status int) bool {
	return status == 408 || status == 425 || status == 429 || status >= 500
}
