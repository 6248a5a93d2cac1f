// Package ratelimit decides when the next request may leave.
//
//  1. [Limiter] keeps all requests together below a rate. No burst is saved over a restart or a pause.
//  2. [Gate] holds back all requests, and alone stores until when and why. Its passes become void when it is
//     shut: nothing may be sent with a void pass.
//  3. After a start, a pause, a stop or an outage the gate lets a single canary through, and the others once it was
//     answered.
//  4. A pause ends as soon as the wall clock or the monotonic clock says so: the one may be set, the other stands still
//     while the machine is suspended. An end that comes too early costs one canary.
//  5. A reset is counted by the server's clock from when the request was sent ([ResumeAt]).
//  6. Every wait ends with its context, and with any change of what it waits for.
//
// It knows neither HTTP nor the queue. Package worker decides what an answer means and what is stored of a pause.
package ratelimit
