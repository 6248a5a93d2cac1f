// Package stop answers: why did a run end before its work was done, and what is to be done about it?
//
// It holds a type and its reasons, nothing else. Which answer stops a run is decided in worker and worker/joblist, the
// exit status by the caller.
package stop
