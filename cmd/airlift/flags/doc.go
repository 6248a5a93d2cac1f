// Package flags answers what the flags of a command ask for: it adds them to a command, checks their texts, and returns what
// the packages that do the work take.
//
// Invariants:
//
//  1. Every flag that makes no sense is reported, and every missing setting, all at once and before anything is sent.
//  2. No error shows a key or a password.
//  3. Of a source no more is read than its beginning.
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

// Context is what the flags are read in.
type Context struct {
	In  io.Reader
	Env config.Env
	// Rules are those of the config file; nil: it has none.
	Rules []queue.Rule
	// Services warns of unknown services.
	Services *intake.ServiceWarnings
	Log      zerolog.Logger
}
