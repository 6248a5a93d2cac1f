package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Keys are an access key and its secret, on their way to a client.
type Keys struct {
	Access, Secret string
	// Token is the session token of temporary keys; AiR has no header for it.
	Token string
	// place is where the keys come from: "the environment", or `profile "x"`.
	place string
	// profile is the one that has them; "": the environment has them.
	profile string
	// file is the AWS shared file that has the keys; "": the environment has them.
	file string
}

// inEnvironment is the place of keys that variables hold.
const inEnvironment = "the environment"

// String keeps the keys out of every log and error.
func (Keys) String() string { return "REDACTED" }

// GoString is String for %#v.
func (Keys) GoString() string { return "REDACTED" }

// Hider replaces the keys in texts of a server.
func (k Keys) Hider() *strings.Replacer {
	hide := []string{k.Access, k.String(), k.Secret, k.String()}
	if k.Token != "" {
		hide = append(hide, k.Token, k.String())
	}
	return strings.NewReplacer(hide...)
}

// ErrNoKeys says that there are no keys in the environment or the AWS shared files.
var ErrNoKeys = errors.New("the credentials: set WASABI_ACCESS_KEY and WASABI_SECRET_KEY, or --profile to use a profile of the AWS shared files")

// ErrNoProfile says that the AWS shared files have no such profile.
var ErrNoProfile = errors.New("there is no such profile in the AWS shared files: check --profile or AWS_PROFILE")

// TemporaryKeysError says that the keys are temporary, which AiR does not accept.
type TemporaryKeysError struct{ place string }

func (e *TemporaryKeysError) Error() string {
	return e.place + " holds temporary credentials (a session token), which AiR does not take: nothing was sent. " +
		"Give long-lived keys by --profile or WASABI_ACCESS_KEY and WASABI_SECRET_KEY; if S3 needs the temporary ones, run enqueue with them and submit with the long-lived ones"
}

// CheckLongLived returns a [TemporaryKeysError] for keys with a session token.
func (k Keys) CheckLongLived() error {
	if k.Token == "" {
		return nil
	}
	return &TemporaryKeysError{k.place}
}

// Keys finds the keys: an explicit profile overrides the environment, or the files that it names, which overrides the AWS shared
// files. Those of an account of the config file are where its table says, and nowhere else.
func (e Env) Keys(profile string) (Keys, error) {
	if e.Account != nil {
		return e.Account.find(e, profile)
	}
	if profile != "" {
		return e.profileKeys(profile)
	}
	k := Keys{place: inEnvironment}
	if e.inFiles() {
		k.place = "the files of WASABI_ACCESS_KEY_FILE and WASABI_SECRET_KEY_FILE"
	}
	var noAccess, noSecret error
	k.Access, noAccess = e.secret("WASABI_ACCESS_KEY")
	k.Secret, noSecret = e.secret("WASABI_SECRET_KEY")
	switch err := errors.Join(noAccess, noSecret); {
	case err != nil:
		return Keys{}, Usagef("%v", err)
	case k.Access != "" && k.Secret != "":
		// The session token may belong to another access key.
		if of := e.get("AWS_ACCESS_KEY_ID"); of == "" || of == k.Access {
			k.Token = e.get("AWS_SESSION_TOKEN")
		}
		return k, nil
	case k.Access != "":
		return Keys{}, Usagef("WASABI_ACCESS_KEY is set but WASABI_SECRET_KEY is not: set both, or neither and use --profile")
	case k.Secret != "":
		return Keys{}, Usagef("WASABI_SECRET_KEY is set but WASABI_ACCESS_KEY is not: set both, or neither and use --profile")
	}
	if name := e.get("AWS_PROFILE"); name != "" {
		return e.profileKeys(name)
	}
	k, err := e.profileKeys("default")
	if errors.Is(err, ErrNoProfile) {
		return Keys{}, ErrNoKeys
	}
	return k, err
}

// AWSFiles returns the paths of the AWS shared files, config and credentials. The files need not exist; a path is "" if
// there is no home directory.
func (e Env) AWSFiles() (files [2]string) {
	home, err := os.UserHomeDir()
	for i, f := range [...]struct{ variable, name string }{{"AWS_CONFIG_FILE", "config"}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials"}} {
		if files[i] = e.get(f.variable); files[i] == "" && err == nil {
			files[i] = filepath.Join(home, ".aws", f.name)
		}
	}
	return files
}

// profileKeys reads a profile of the AWS shared files. Keys in the credentials file override those in the config file;
// roles, SSO and credential processes are not supported.
func (e Env) profileKeys(profile string) (Keys, error) {
	var keys Keys
	exists := false
	for i, path := range e.AWSFiles() {
		if path == "" {
			continue
		}
		k, found, err := readAWSFile(path, profile, i == 0)
		if err != nil {
			return Keys{}, Usagef("read the profile %q of the AWS shared files: %s: %v", profile, path, rootCause(err))
		}
		exists = exists || found
		if k.Access != "" || k.Secret != "" {
			keys = k
			keys.file = path
		}
	}
	keys.place, keys.profile = fmt.Sprintf("profile %q", profile), profile
	switch {
	case !exists:
		return Keys{}, fmt.Errorf("%s: %w", keys.place, ErrNoProfile)
	case (keys.Access == "") != (keys.Secret == ""):
		return Keys{}, Usagef("the profile %q has only one of the two keys: it needs aws_access_key_id and aws_secret_access_key", profile)
	case keys.Access == "":
		return Keys{}, Usagef("the profile %q has no keys: it needs aws_access_key_id and aws_secret_access_key", profile)
	}
	return keys, nil
}
