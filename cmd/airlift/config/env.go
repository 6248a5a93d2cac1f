package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Env is the environment of a command.
type Env struct {
	// Lookup is os.LookupEnv, or a replacement in tests.
	Lookup func(name string) (string, bool)
	// List returns all entries as os.Environ does; nil: not known.
	List func() []string
	// Account says where the keys are; nil: where those of the default account are.
	Account *AccountKeys
}

// get returns the value of a variable, or "" if it is not set.
func (e Env) get(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// prefix begins the names of all environment variables that set a flag.
const prefix = "AIRLIFT_"

// Variable returns the environment variable of a flag.
func Variable(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Dir returns a base directory by the XDG Base Directory Specification: the variable, or a folder below home. It is false
// if there is neither. Relative paths are ignored, since the folder would depend on the working directory.
func (e Env) Dir(variable, below string) (string, bool) {
	if v := e.get(variable); filepath.IsAbs(v) {
		return v, true
	}
	home := e.get("HOME")
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	if !filepath.IsAbs(home) {
		return "", false
	}
	return filepath.Join(home, below), true
}

// UsageError is an error that the user must correct.
type UsageError struct{ text string }

func (e *UsageError) Error() string { return e.text }

// Usagef returns a [UsageError].
func Usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }
