//go:build race

package main

// raceFlag builds the airlift that the rig drives with the race detector, as the test itself is.
const raceFlag = "-race"
