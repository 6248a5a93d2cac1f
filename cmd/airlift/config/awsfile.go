package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// readAWSFile reads the keys of a profile of an AWS shared file (AWS CLI User Guide, "Configuration and credential file
// settings"). In a config file its section is named "profile NAME". found is false if there is no such file or profile.
// The SDK's reader is not used: it imports the clients of STS and SSO, and does not read UTF-16.
func readAWSFile(path, profile string, isConfig bool) (k Keys, found bool, err error) {
	raw, err := ReadSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, false, nil
	}
	if err != nil {
		return k, false, err
	}
	// A file saved on Windows may be UTF-16, with a BOM.
	text, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), raw)
	if err != nil {
		return k, false, err
	}
	inside := false
	for i, line := range strings.Split(string(bytes.ReplaceAll(text, []byte("\r"), nil)), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case trimmed[0] == '[':
			name, _, closed := strings.Cut(trimmed[1:], "]")
			if !closed {
				return k, false, fmt.Errorf("line %d: a section without its ]", i+1)
			}
			inside = sectionIs(name, profile, isConfig)
			found = found || inside
		case inside && line[0] != ' ' && line[0] != '\t': // indented lines are nested settings
			k.set(trimmed)
		}
	}
	return k, found, nil
}

// set stores a setting of a profile if it is one of the keys.
func (k *Keys) set(line string) {
	name, value, _ := strings.Cut(line, "=")
	for _, comment := range []string{" #", " ;", "\t#", "\t;"} {
		value, _, _ = strings.Cut(value, comment)
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "aws_access_key_id":
		k.Access = value
	case "aws_secret_access_key":
		k.Secret = value
	case "aws_session_token":
		k.Token = value
	}
}

// sectionIs reports whether a section is that of a profile.
func sectionIs(section, profile string, isConfig bool) bool {
	section = strings.TrimSpace(section)
	if rest, ok := strings.CutPrefix(section, "profile"); ok && isConfig && rest != "" && strings.ContainsAny(rest[:1], " \t") {
		section = strings.TrimSpace(rest)
	} else if isConfig && section != "default" {
		return false
	}
	return strings.Trim(section, `"'`) == profile
}
