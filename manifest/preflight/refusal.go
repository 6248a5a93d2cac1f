package preflight

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"airlift/manifest/s3scan"
)

// scope is the set of objects that a refusal is about.
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

// judgeHead returns a refusal of HeadObject, or an error that may pass. Exactly one is set. Such an answer has no text,
// so judge decides by the one of GetObject.
func judgeHead(err error) (*refusal, error) {
	if status := s3scan.Status(err); status < 300 || passing(status) {
		return judge(err)
	}
	return &refusal{cause: err}, nil
}

// refusals are those of codes (Amazon S3 API reference, "Error responses").
var refusals = func() map[string]refusal {
	m := map[string]refusal{
		"InvalidObjectState":    {thisObject, "archived: it must be restored before it can be read", "", nil},
		"InvalidRange":          {thisObject, "zero bytes", "", nil},
		"RequestTimeTooSkewed":  {allObjects, "this machine's clock is wrong", "set the clock", nil},
		"SignatureDoesNotMatch": {allUnlessProven, "unreadable: the secret key does not belong to the access key", "check WASABI_SECRET_KEY or --profile", nil},
	}
	for codes, r := range map[string]refusal{
		"NoSuchKey NoSuchVersion":        {thisObject, "missing: there is no such object", "", nil},
		"NoSuchBucket InvalidBucketName": {wholeBucket, "missing: there is no such bucket", "", nil},
		"PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException": {wholeBucket, "unreadable from here: the bucket lies in another region; read it with --source-region of its own", "", nil},
		"InvalidAccessKeyId InvalidToken ExpiredToken InvalidSecurity":                      {allObjects, "the access key is not known to the S3 server", "check WASABI_ACCESS_KEY or --profile, and --source-endpoint", nil},
	} {
		for code := range strings.FieldsSeq(codes) {
			m[code] = r
		}
	}
	return m
}()

// temporaryCodes are those of errors that may pass.
var temporaryCodes = []string{"SlowDown", "RequestRateLimitExceeded", "Throttling", "ThrottlingException", "RequestTimeout", "InternalError", "ServiceUnavailable", "TemporaryRedirect", "OperationAborted"}

// refusedStatus returns the refusal of an answer whose code is not known.
func refusedStatus(status int) refusal {
	switch status {
	case 401:
		return refusal{of: allObjects, text: "the S3 server refuses the credentials", remedy: "check WASABI_ACCESS_KEY and WASABI_SECRET_KEY, or --profile"}
	case 403:
		return refusal{of: thisObject, text: "unreadable: access is denied, or it is missing and these keys may not list the bucket"}
	case 405:
		return refusal{of: thisObject, text: "missing: the object was deleted"}
	}
	// Each server has codes of its own for what is wrong with the credentials.
	return refusal{of: allUnlessProven, text: "unreadable: the server refuses the request", remedy: "check the credentials, --source-region and --source-endpoint"}
}

// because returns the refusal by an answer.
func (r refusal) because(answer string, cause error) *refusal {
	r.text, r.cause = fmt.Sprintf("%s (%s)", r.text, answer), cause
	return &r
}

// judge returns a refusal of GetObject, or an error that may pass. Exactly one is set.
func judge(err error) (*refusal, error) {
	status, code := s3scan.Status(err), ""
	if api, is := errors.AsType[smithy.APIError](err); is {
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
	if r, ok := refusals[code]; ok {
		return r.because(answer, err), nil
	}
	if slices.Contains(temporaryCodes, code) {
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
	case status >= 300:
		return refusedStatus(status).because(answer, err), nil
	}
	return nil, fmt.Errorf("the server was not reached or the connection broke: %w", s3scan.Cause(err))
}

// passing reports whether a status is one of trouble that may pass.
func passing(status int) bool {
	return status == 408 || status == 425 || status == 429 || status >= 500
}
