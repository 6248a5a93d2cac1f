// Package powerloss shows what a power loss can leave of a folder that a program wrote to.
//
// [Log.Record] runs the program under strace and keeps every call that changes the folder, together with what the
// program wrote to its standard output: its acknowledgements, in order with the calls. A [Disk] follows such a log up to
// any place and makes images of the folder as the next start may find it there.
//
// # What a disk may do
//
// What an fsync or fdatasync covered is kept: all that was written to the file, its length included, by calls that had
// returned before the sync began. Anything else may be there or not, each write by itself and so in any order; a write
// may be torn at 512 bytes, any of its sectors being old or new. The names in a folder are made durable by an fsync of
// that folder alone, never by that of the file they name; until then each creation, link, rename and removal may have
// happened or not, each as a whole. This is less than ext4, XFS or btrfs promise.
//
// The package knows neither what the files hold nor what the acknowledgements mean.
package powerloss
