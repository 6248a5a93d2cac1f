// Package slots bounds how many workers do the same at once, such as to hold an item whose request has not been sent.
//
// Outside: how many may (package worker).
package slots
