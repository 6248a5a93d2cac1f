// Package streaks counts answers in a row that show the same trouble on the way to AiR: answers to other requests, answers
// that are not AiR's, and lists that cannot be read.
//
// Outside: what is done about it.
package streaks
