// Command airlift submits a whole media archive to Wasabi AiR, one job per object. This package answers what the user types
// and what is printed: each command has its flags, one call and its output.
//
// Invariants:
//
//  1. Nothing is decided here: settings come from package config, options from package flags, and the work is done by
//     packages intake, plan, report and service.
//  2. Data goes to standard output, logs and errors to standard error; both escape control characters.
//  3. Every error has one exit code, which exitCode alone decides.
//  4. No command overwrites a file that it reads or keeps.
//  5. The first signal ends a command gracefully, the second immediately.
package main
