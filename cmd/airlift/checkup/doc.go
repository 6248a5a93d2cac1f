// Package checkup is the command `airlift doctor`: its flags, the examination and the printing of what was found.
//
// Outside: the checks (package doctor), and what the flags mean (package flags).
package checkup
