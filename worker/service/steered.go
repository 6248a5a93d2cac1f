package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"airlift/queue"
)

// steered returns the accounts that a request to pause or to resume is for: the named one, else all of the queue.
func (s *Service) steered(ctx context.Context, name string) ([]string, error) {
	batches, err := s.Batches(ctx)
	if err != nil {
		return nil, err
	}
	all := s.accountNames(batches)
	switch {
	case name == "":
		return all, nil
	case name == s.c.Account || slices.Contains(all, name):
		return []string{name}, nil
	}
	return nil, invalid(fmt.Sprintf("no batch of this queue belongs to an account %q: there are %s", name, strings.Join(all, ", ")))
}

// limited returns the account that limits are set for: the named one, else the only one of the queue.
func (s *Service) limited(ctx context.Context, name string) (string, error) {
	all, err := s.steered(ctx, name)
	if err != nil {
		return "", err
	}
	if len(all) > 1 {
		return "", invalid(fmt.Sprintf("this queue has several accounts, each with limits of its own: name one of %s (--account)", strings.Join(all, ", ")))
	}
	return all[0], nil
}

// add adds what was lifted of another account.
func (r *Resumed) add(other Resumed) {
	if r.Gate == (queue.Gate{}) {
		r.Gate = other.Gate
	}
	if !r.Paused {
		r.Paused, r.Reason = other.Paused, other.Reason
	}
	r.Still = append(r.Still, other.Still...)
}
