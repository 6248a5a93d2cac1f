// Package itemview gathers all that is known of one item, and finds the item of a key.
//
// It reads the queue alone and asks nobody else. Outside: how it is shown (package term).
package itemview
