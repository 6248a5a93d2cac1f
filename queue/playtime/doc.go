// Package playtime answers how long the media of an item play.
//
// Engines keep no details of objects, but they keep the further columns of a row. So the playing time of an item is its column
// "duration": as the manifest has it, or as preflight added it.
//
//  1. What a row says itself is never changed; preflight fills in what it leaves out.
//  2. What cannot be read as a playing time is none: nothing is guessed.
//
// Outside: how a container is read (manifest/preflight), and what is done with the time.
package playtime
