// Package canary chooses the canary sample that a run asks for, and shows how it stands.
//
// Outside: how the sample is sent and judged (worker/trial), and which items stand for a batch (queue/sample).
package canary
