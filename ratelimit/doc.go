// Package ratelimit answers: when may the next request leave?
//
//  1. [Limiter] keeps all requests together below a rate. It saves nothing up over a restart or a pause.
//  2. [Gate] holds all back at once, and is the one owner of until when and why. A pass that it gave is void once it is
//     shut: nothing may be sent with that.
//  3. After a start, a pause, a stop or an outage the gate lets one canary through alone, and the others once it was
//     answered.
//  4. A pause ends as soon as the wall clock or the monotonic clock says so: the one may be set, the other stands still
//     while the machine is suspended. An end that comes too early costs one canary.
//  5. Midnight is counted by the server's clock from when the request was sent ([ResumeAt]).
//  6. Every wait ends with its context, and with any change of what it waits for.
//
// It knows neither HTTP nor the queue: what an answer means, and what of a pause is stored, is decided in worker.
package ratelimit
