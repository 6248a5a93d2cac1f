package main

import (
	"errors"
	"fmt"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/queue"
	"airlift/worker/service"
	"airlift/worker/stop"
)

func TestExitCodeOfSeveral(t *testing.T) {
	// The contract's order: 1, 2, 6, 3, 8, 5, 4.
	order := []int{exit.Unexpected, exit.Usage, exit.Credentials, exit.Quota, exit.Failures, exit.WorkLeft, exit.Incomplete}
	for i, a := range order {
		for _, b := range order[i:] {
			if got := exit.Worse(a, b); got != a {
				t.Errorf("%d and %d: got %d, want %d", a, b, got, a)
			}
			if got := exit.Worse(b, a); got != a {
				t.Errorf("%d and %d: got %d, want %d", b, a, got, a)
			}
		}
		if got := exit.Worse(exit.OK, a); got != a {
			t.Errorf("0 and %d: got %d", a, got)
		}
	}
}

func TestExitCodeOfTwoErrors(t *testing.T) {
	quota := &stop.Error{Reason: stop.Quota, Text: "quota"}
	disk := errors.New("disk")
	if got := service.Join(quota, disk); exit.Code(got) != exit.Unexpected || got.Error() != "quota\ndisk" {
		t.Errorf("got %q with code %d, want both texts with 1", got, exit.Code(got))
	}
	if got := service.Join(nil, disk); got != disk {
		t.Errorf("got %v, want the only error", got)
	}
	broken := fmt.Errorf("claim: %w", queue.ErrBroken)
	if got := service.Join(broken, fmt.Errorf("gate: %w", queue.ErrBroken)); got != error(broken) {
		t.Errorf("got %v, want the broken queue once", got)
	}
}
