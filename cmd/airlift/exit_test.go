package main

import (
	"errors"
	"fmt"
	"testing"

	"airlift/queue"
	"airlift/worker/service"
	"airlift/worker/stop"
)

func TestExitCodeOfSeveral(t *testing.T) {
	// The contract's order: 1, 2, 6, 3, 8, 5, 4.
	order := []int{exitUnexpected, exitUsage, exitCredentials, exitQuota, exitFailures, exitWorkLeft, exitIncomplete}
	for i, a := range order {
		for _, b := range order[i:] {
			if got := worse(a, b); got != a {
				t.Errorf("%d and %d: got %d, want %d", a, b, got, a)
			}
			if got := worse(b, a); got != a {
				t.Errorf("%d and %d: got %d, want %d", b, a, got, a)
			}
		}
		if got := worse(exitOK, a); got != a {
			t.Errorf("0 and %d: got %d", a, got)
		}
	}
}

func TestExitCodeOfTwoErrors(t *testing.T) {
	quota := &stop.Error{Reason: stop.Quota, Text: "quota"}
	disk := errors.New("disk")
	if got := service.Join(quota, disk); exitCode(got) != exitUnexpected || got.Error() != "quota\ndisk" {
		t.Errorf("got %q with code %d, want both texts with 1", got, exitCode(got))
	}
	if got := service.Join(nil, disk); got != disk {
		t.Errorf("got %v, want the only error", got)
	}
	broken := fmt.Errorf("claim: %w", queue.ErrBroken)
	if got := service.Join(broken, fmt.Errorf("gate: %w", queue.ErrBroken)); got != error(broken) {
		t.Errorf("got %v, want the broken queue once", got)
	}
}
