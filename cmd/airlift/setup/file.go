package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/BurntSushi/toml"

	"airlift/cmd/airlift/config"
	"airlift/queue/hold"
)

// header begins a new file.
const header = `# Settings of airlift; ` + "`airlift help settings`" + ` explains them. Made by ` + "`airlift init`" + `.
# No keys belong into this file: they are in the AWS shared files, or in WASABI_ACCESS_KEY and WASABI_SECRET_KEY.

`

// setting is a line of the file.
type setting struct{ name, value string }

// settings returns the answers as they are written: not what is the default anyway.
func (s *session) settings() (all []setting) {
	for _, q := range questions {
		value := s.answers[q.flag]
		usual := q.flag == "queue" && value == s.Queue && config.OriginOf(s.cmd.Flag(q.flag)) == (config.Origin{})
		if value == nothing && q.optional || usual {
			value = ""
		}
		all = append(all, setting{q.flag, value})
	}
	return all
}

// line returns the setting in TOML; "" if it has no value.
func (s setting) line() string {
	if s.value == "" {
		return ""
	}
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(map[string]string{s.name: s.value}); err != nil {
		return "" // it is valid UTF-8 without control characters
	}
	return b.String()
}

// assignment matches a line that sets something, and its name.
var assignment = regexp.MustCompile(`^\s*"?([A-Za-z0-9_-]+)"?\s*=`)

// errByHand: the file has settings that take several lines, or more in a line.
var errByHand = errors.New("a setting of it cannot be changed line by line, because its value takes several lines for instance")

// newContent returns the file with the settings: the old one with their lines changed, or a new one if there is none, or if
// the old one is no TOML. The error is errByHand if the old one cannot be changed so.
func newContent(old string, all []setting) (string, error) {
	changed, valid := change(old, all), toml.Unmarshal([]byte(old), &map[string]any{}) == nil
	switch {
	case old != "" && has(changed, all):
		return changed, nil
	case strings.TrimSpace(old) != "" && valid:
		return "", errByHand
	}
	var b strings.Builder
	b.WriteString(header)
	for _, s := range all {
		b.WriteString(s.line())
	}
	return b.String(), nil
}

// change replaces the lines of settings before the first table of a file, and adds those that are missing there.
func change(old string, all []setting) string {
	lines := strings.SplitAfter(old, "\n")
	left := map[string]string{}
	for _, s := range all {
		left[s.name] = s.line()
	}
	var b strings.Builder
	end := func() {
		for _, s := range all {
			b.WriteString(left[s.name])
			delete(left, s.name)
		}
	}
	top := true
	for _, line := range lines {
		if top && strings.HasPrefix(strings.TrimSpace(line), "[") {
			end()
			top = false
		}
		m := assignment.FindStringSubmatch(line)
		if m == nil || !top {
			b.WriteString(line)
			continue
		}
		name := strings.ReplaceAll(m[1], "_", "-")
		if ours, is := left[name]; is {
			b.WriteString(ours)
			delete(left, name)
			continue
		}
		b.WriteString(line)
	}
	if text := b.String(); text != "" && !strings.HasSuffix(text, "\n") {
		b.WriteString("\n")
	}
	end()
	return b.String()
}

// has reports whether a file is valid and has the settings, and no others in their place.
func has(content string, all []setting) bool {
	var got map[string]any
	if toml.Unmarshal([]byte(content), &got) != nil {
		return false
	}
	for _, s := range all {
		value, there := got[s.name]
		if _, other := got[strings.ReplaceAll(s.name, "-", "_")]; s.value == "" && (there || other) || s.value != "" && value != any(s.value) {
			return false
		}
	}
	return true
}

// write replaces the file, for its owner alone.
func write(ctx context.Context, path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("%w: nothing was written; name another file with --config, or give this user the right to make it", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o600); err != nil { // the new file takes the mode of the old one
			return fmt.Errorf("%w: nothing was written; name another file with --config, or give this user the right to change it", err)
		}
	}
	err := hold.Replace(ctx, path, hold.Options{Mode: 0o600, RegularOnly: true, Durable: true}, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: nothing was written; name another file with --config, or see to the disk and the rights on its folder", err)
	}
	return nil
}
