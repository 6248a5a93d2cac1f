// Package setup makes a config file: `airlift init`. It asks for the settings that nearly every run needs, checks each answer
// at once, shows the file and writes it.
//
// Invariants:
//
//  1. The file holds no secret. What looks like a key is refused, and not repeated.
//  2. The file is written in one step with mode 0600, after all questions. Whatever ends the command before, nothing is written.
//  3. A file that is there is replaced only with --force. Its other settings, rules and comments stay.
//  4. Without a terminal nothing is asked: what is missing is named, all at once.
//
// Questions are lines of text, and answers are read by package bufio: a line works on any terminal, with a screen reader and
// with pasted answers, and the terminal's own editing and Ctrl-C stay. Libraries for forms (huh, survey) take over the whole
// terminal for that.
//
// Outside: what a setting means (package flags), and whether all of them work together (package doctor).
package setup
