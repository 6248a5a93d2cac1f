package main

import (
	"os/exec"
	"syscall"
)

// unfit says why the rig cannot work on this system; "" if it can.
const unfit = "Windows has no signals to end airlift with: run torture on Linux, macOS or a BSD"

// ownGroup does nothing: run refuses to start here.
func ownGroup(*exec.Cmd) {}

// signalGroup does nothing, for the same reason.
func signalGroup(int, syscall.Signal) {}

func stopGroup(int) {}

func resumeGroup(int) {}
