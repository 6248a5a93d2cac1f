// Package hours shows and changes a rate table and windows of time: what is in force, and until when.
//
// Outside: what they mean (ratelimit/schedule).
package hours
