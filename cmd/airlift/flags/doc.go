// Package flags defines the flags of the commands: it adds them to a command, checks them, and returns what
// the packages below take as options.
//
// Invariants:
//
//  1. All invalid flags are reported together, and so are all missing settings, before anything is sent.
//  2. No error shows a key or a password.
//  3. Only the beginning of a source is read.
//
// Outside: which value a flag has (package config), and what is done with it.
package flags

import (
	"io"

	"github.com/rs/zerolog"

	"airlift/cmd/airlift/config"
	"airlift/queue"
	"airlift/queue/intake"
)

// Context is the environment in which flags are parsed.
type Context struct {
	In  io.Reader
	Env config.Env
	// Rules are the rules of the config file; nil: it has none.
	Rules []queue.Rule
	// Services warns of unknown services.
	Services *intake.ServiceWarnings
	Log      zerolog.Logger
}
