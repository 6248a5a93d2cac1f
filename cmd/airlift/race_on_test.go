//go:build race

package main

// raceFlag builds the binary under test with the race detector, as the test itself is.
const raceFlag = "-race"
