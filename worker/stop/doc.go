// Package stop defines the error of a run that ends before its work is done: the reason and the remedy.
//
// It holds a type and its reasons, nothing else. Which answer stops a run is decided in worker and worker/joblist, the
// exit status by the caller.
package stop
