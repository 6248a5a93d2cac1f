package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
)

// mostSmall bounds the files that are read as a whole: settings, services, credentials. Reading a device never ends.
const mostSmall = 1 << 20

var errTooLarge = fmt.Errorf("it has more than %d MiB, so it is not the file that is meant: check its name", mostSmall>>20)

// pipeTimeout is how long a named pipe may take to give its content: as that of a process substitution it comes at once, and a
// pipe without a writer never gives any.
const pipeTimeout = 10 * time.Second

// ReadSmall returns the content of a file of at most 1 MiB.
func ReadSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return readSmall(path)
	}
	var content []byte
	done := make(chan struct{})
	go func() {
		defer close(done)
		content, err = readSmall(path)
	}()
	select {
	case <-done:
		return content, err
	case <-time.After(pipeTimeout):
		return nil, fmt.Errorf("%s: it is a named pipe, and nothing has written to it for %v: name a file", path, pipeTimeout)
	}
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, mostSmall+1))
	if err == nil && len(content) > mostSmall {
		return nil, fmt.Errorf("%s: %w", path, errTooLarge)
	}
	return content, err
}

// ruleSetting is the name of the rules in the config file.
const ruleSetting = "rule"

// File is what the config file says.
type File struct {
	Path string
	// Found says that the file is there.
	Found bool
	// Rules are the [[rule]] tables as the TOML decoder returns them; nil: there are none.
	Rules    any
	settings map[string][]string // by the name of the flag
	accounts map[string]account  // by name; without the default account
	typed    map[string][]string // what the command line gives, by the name of the flag
}

// RuleCount returns the number of rules.
func (f File) RuleCount() int {
	switch rules := f.Rules.(type) {
	case []map[string]any:
		return len(rules)
	case []any:
		return len(rules)
	}
	return 0
}

// Path returns the path of the config file, and whether the user named it by --config or a variable; "" if there is no
// place for one.
func (e Env) Path(cmd *cobra.Command) (path string, asked bool) {
	if f := cmd.Flags().Lookup("config"); f != nil {
		path, asked = f.Value.String(), f.Changed
	}
	if v := e.get(prefix + "CONFIG"); path == "" && v != "" {
		return v, true
	}
	if base, ok := e.Dir("XDG_CONFIG_HOME", ".config"); path == "" && ok {
		path = filepath.Join(base, "airlift", "config.toml")
	}
	return path, asked
}

// readFile reads the config file. A missing file is an error only if the user named it.
func readFile(path string, asked bool) (File, error) {
	file := File{Path: path, settings: map[string][]string{}}
	if path == "" {
		return file, nil
	}
	var raw map[string]any
	text, err := ReadSmall(path)
	if err == nil {
		err = toml.Unmarshal(text, &raw)
	}
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return file, nil
	}
	if err != nil {
		return file, Usagef("read the config file %s: %v", path, rootCause(err))
	}
	file.Found, file.Rules = true, raw[ruleSetting]
	delete(raw, ruleSetting)
	if tables, has := raw[accountSetting]; has {
		if err := file.readAccounts(tables); err != nil {
			return file, err
		}
		delete(raw, accountSetting)
	}
	for name, value := range raw {
		name = strings.ReplaceAll(name, "_", "-")
		values, ok := settingValues(value)
		if !ok {
			return file, Usagef("%s: %s is a table; a setting is a single value or a list", path, name)
		}
		file.settings[name] = values
	}
	return file, nil
}

// rootCause returns the innermost error, without the texts that libraries wrap around it.
func rootCause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
