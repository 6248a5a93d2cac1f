package accounts

import (
	"cmp"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/queue"
	"airlift/queue/intake"
)

// Settings are those of a command, for one account at a time. Make them with [Fill].
type Settings struct {
	// Name is the account that the flags are set for.
	Name string
	// File is the config file.
	File config.File
	env  config.Env
}

// Fill sets the flags of a command for the account that the user has chosen, else for the default one. It sets what it can even
// if it returns an error.
func Fill(env config.Env, cmd *cobra.Command) (s Settings, err error) {
	s.env, s.Name = env, cmp.Or(env.Chosen(cmd), queue.DefaultAccount)
	s.File, err = env.Fill(cmd)
	return s, err
}

// Env returns an environment with where the keys of the account are.
func (s *Settings) Env(env config.Env) config.Env {
	env.Account = s.File.KeysOf(s.Name)
	return env
}

// Check refuses an account that the config file does not have, for commands that send or make batches.
func (s *Settings) Check(cmd *cobra.Command) error {
	if cmd.Flags().Lookup("air-url") == nil && cmd.Flags().Lookup("services") == nil {
		return nil
	}
	return s.File.CheckAccount(s.Name)
}

// Use sets the flags of a command for an account.
func (s *Settings) Use(cmd *cobra.Command, account string) error {
	if err := s.File.CheckAccount(account); err != nil || account == s.Name {
		return err
	}
	s.Name = account
	return s.env.Use(cmd, s.File, account)
}

// OfBatch calls do, once more for the account of the batch if that is another than the flags were set for, and the user chose none.
func (s *Settings) OfBatch(cmd *cobra.Command, do func() error) error {
	err := do()
	if other, is := errors.AsType[*intake.AccountError](err); is && s.env.Chosen(cmd) == "" {
		if err := s.Use(cmd, other.Has); err != nil {
			return err
		}
		return do()
	}
	return err
}

// Own returns the batches of the account that the user has chosen: all of them, if none is. named says that the user names the
// batches too, so that one of another account is an error.
func (s *Settings) Own(cmd *cobra.Command, batches []queue.Batch, named bool) (own []queue.Batch, err error) {
	chosen := s.env.Chosen(cmd)
	for _, b := range batches {
		switch {
		case chosen == "" || b.AccountName() == chosen:
			own = append(own, b)
		case named:
			return nil, &intake.AccountError{Batch: b.ID, Has: b.AccountName(), Asked: chosen}
		}
	}
	return own, nil
}

// Chosen returns the account that the user has chosen, of those in the config file and in the queue; "": none.
func (s *Settings) Chosen(cmd *cobra.Command, to queue.Reader) (string, error) {
	return s.ChosenOf(cmd, func() ([]string, error) {
		batches, err := to.Batches(cmd.Context())
		return Of(batches), err
	})
}

// ChosenOf returns the account that the user has chosen, of those in the config file and of others; "": none.
func (s *Settings) ChosenOf(cmd *cobra.Command, others func() ([]string, error)) (string, error) {
	chosen := s.env.Chosen(cmd)
	if chosen == "" {
		return "", nil
	}
	known, err := others()
	if err == nil {
		err = s.File.CheckAccount(chosen, known...)
	}
	return chosen, err
}

// Of returns the accounts of batches, sorted.
func Of(batches []queue.Batch) (names []string) {
	for _, b := range batches {
		names = append(names, b.AccountName())
	}
	slices.Sort(names)
	return slices.Compact(names)
}
