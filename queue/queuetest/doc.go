// Package queuetest says what every engine of airlift's queue must do. [Run] is a suite of tests, one file a topic, that an
// engine's own tests call.
//
// Each queue that the suite opens is checked at the end of its test: the engine's own Check finds nothing, and the books
// balance. The suite opens a queue again as the next process would: what was being sent is in doubt then.
//
// [Handle] gives tests of other packages short names for common uses of a queue.
//
// Outside: what only one engine does, such as formats, crashes and damage.
package queuetest
