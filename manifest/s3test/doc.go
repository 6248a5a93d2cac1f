// Package s3test is S3's stand-in: a server in the test's own process that answers ListObjectsV2, HeadObject and GetObject
// (whole, and ranges from the first byte) over HTTP, as faithfully as a scan and a preflight need: paging, URL encoding,
// order, delimiter, errors.
//
// A test turns on a Fault for some requests. To add a fault, add a constant in fault.go and, beside it, what it does: to
// the whole answer (refuse), to a listing (spoil), or to where a listing begins (startAfter).
//
// The server knows path-style addresses only. It checks access keys and session tokens, and no signature.
package s3test
