// Package hours shows a rate table and windows of time: what is in force, and until when.
//
// Outside: what they mean (ratelimit/schedule), and how they are set.
package hours
