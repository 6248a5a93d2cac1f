// Package term answers how something is shown: results as lines and tables for people or as JSON, progress, logs,
// and the screen of watch.
//
// Invariants:
//
//  1. Keys, responses, status files and errors may contain control characters and invisible ones. They are shown as
//     escapes: every value passes [Text], [Sprintf] or a [Writer].
//  2. No value ends a line or is cut inside a character.
//  3. JSON is one value a line, with the escapes of JSON for the same characters.
//  4. It makes no decisions: it shows plain structs.
//
// Outside: flags and streams (package main), how items are formatted for files (queue/report).
package term
